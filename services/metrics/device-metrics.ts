import { Gauge } from "prom-client";
import type { Device } from "../../proto/gen/tokenwire/v1/models_pb.ts";

let devices: () => readonly Device[] = () => [];

const memory = new Gauge({
  name: "tokenwire_device_memory_bytes",
  help: "Memory of a device: total; free, for any program; usable, by all models together; held, by models that are resident or being loaded.",
  labelNames: ["device", "kind"] as const,
  collect() {
    this.reset();
    for (const { name: device, totalBytes, freeBytes, usableBytes, heldBytes } of devices()) {
      memory.set({ device, kind: "total" }, Number(totalBytes));
      memory.set({ device, kind: "free" }, Number(freeBytes));
      memory.set({ device, kind: "usable" }, Number(usableBytes));
      memory.set({ device, kind: "held" }, Number(heldBytes));
    }
  },
});

/** Has the devices in the metrics, as they are whenever those are read. */
export function showDevices(read: () => readonly Device[]): void {
  devices = read;
}
