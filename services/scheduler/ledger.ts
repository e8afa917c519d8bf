import { addBytes, type DeviceBytes, subtractBytes } from "./device-bytes.ts";

/** Who holds how many bytes of which device. It only counts: it does not decide who may. */
export class Ledger {
  /** What all models together may hold; a device that is not named has no bound. */
  capacity: DeviceBytes = {};
  readonly #held = new Map<string, DeviceBytes>();

  /** From now on `model` holds `bytes`, whatever it held before. */
  hold(model: string, bytes: DeviceBytes): void {
    this.#held.set(model, bytes);
  }

  release(model: string): void {
    this.#held.delete(model);
  }

  /** undefined: it holds nothing. */
  held(model: string): DeviceBytes | undefined {
    return this.#held.get(model);
  }

  get used(): DeviceBytes {
    return [...this.#held.values()].reduce<DeviceBytes>((sum, bytes) => addBytes(sum, bytes), {});
  }

  /** What nobody holds, below 0 where more is held than there is. Only of devices with a bound. */
  get free(): DeviceBytes {
    return subtractBytes(this.capacity, this.bounded(this.used));
  }

  /** Of `bytes`, those on devices that have a bound. */
  bounded(bytes: DeviceBytes): DeviceBytes {
    return Object.fromEntries(Object.entries(bytes).filter(([device]) => this.capacity[device] !== undefined));
  }
}
