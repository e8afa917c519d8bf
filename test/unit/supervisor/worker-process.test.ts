import { EventEmitter } from "node:events";
import { pino } from "pino";
import { beforeEach, expect, test, vi } from "vitest";
import { modelSettingsSchema } from "../../../settings/settings.ts";
import { forkWorker } from "../../../services/supervisor/worker-process.ts";

const fork = vi.hoisted(() => vi.fn<() => unknown>());
vi.mock(import("node:child_process"), async (original) => ({ ...(await original()), fork: fork as never }));
beforeEach(() => void fork.mockReset());

const start = {
  type: "start" as const,
  settings: modelSettingsSchema.parse({ model: "m.gguf", model_alias: "m" }),
  socketPath: "/nowhere/socket",
  graceMs: 0,
  tracing: { serviceName: "test" },
  logLevel: "info",
};
const forked = () => forkWorker(new URL("file:///worker.ts"), start, pino({ level: "silent" }));

test("a process for which there is no memory has ended, with the reason", async () => {
  fork.mockImplementation(() => {
    throw new Error("spawn ENOMEM");
  });
  const process = forked();
  expect(await process.exited).toBe("could not be started (spawn ENOMEM)");
  process.terminate();
  process.kill();
});

test("a process for which there are no files has ended, with the reason", async () => {
  // As Node leaves a child where it got EMFILE: without pid, pipes and channel.
  const child = Object.assign(new EventEmitter(), { pid: undefined, connected: false, stderr: undefined });
  fork.mockReturnValue(child);
  const process = forked();
  child.emit("error", new Error("spawn node EMFILE"));
  expect(await process.exited).toBe("could not be started (spawn node EMFILE)");
});
