import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import type { z } from "zod";
import type { Client } from "../../clients/create-client.ts";
import type { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelState, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { modelSettingsSchema } from "../../settings/settings.ts";
import { connectWorker } from "../../services/supervisor/worker-connection.ts";
import { forkWorker } from "../../services/supervisor/worker-process.ts";
import { tinyGuidePath } from "./tiny-guide.ts";

const entry = new URL("../../services/worker/main.ts", import.meta.url);

/** A model's settings as a config file has them. */
export type WrittenSettings = Partial<z.input<typeof modelSettingsSchema>>;

export interface TestWorker extends AsyncDisposable {
  readonly pid: number;
  /** As it was when the load ended. */
  readonly model: Model;
  readonly inference: Client<typeof InferenceService>;
  /** The model as it is now. */
  readonly now: () => Promise<Model>;
  /** What the worker has logged so far, a line per message: `info: llama_context: n_ctx = 256`. */
  readonly log: () => string;
}

/**
 * Starts a worker process as the supervisor does, serving tiny-guide with 256 tokens in one slot unless the settings
 * say otherwise, and resolves when the model is in memory. Throws an Error with the worker's words when it will not be.
 */
export async function startWorker(settings: WrittenSettings = {}): Promise<TestWorker> {
  const folder = mkdtempSync(join(tmpdir(), "tw-worker-"));
  const socketPath = join(folder, "socket");
  const lines: string[] = [];
  const log = pino({ level: "trace" }, linesTo(lines));
  const parsed = modelSettingsSchema.parse({
    model: tinyGuidePath,
    model_alias: "tiny",
    n_ctx: 256,
    n_slots: 1,
    ...settings,
  });
  const process = forkWorker(
    entry,
    { type: "start", settings: parsed, socketPath, graceMs: 0, tracing: noTracing, logLevel: "debug" },
    log,
  );
  await Promise.race([process.listening, process.exited.then((how) => Promise.reject(new Error(`it ${how}`)))]);
  const connection = connectWorker(parsed.model_alias, socketPath);
  const dispose = async (): Promise<void> => {
    process.kill();
    connection.end(await process.exited, { asked: true });
    rmSync(folder, { recursive: true });
  };
  const when = async (reached: (model: Model) => boolean): Promise<Model> => {
    for await (const model of connection.watch()) if (reached(model)) return model;
    throw new Error("the worker stopped telling of its model");
  };
  const model = await when(({ state }) => state === ModelState.RESIDENT || state === ModelState.FAILED);
  if (model.state === ModelState.FAILED) {
    await dispose();
    throw new Error(model.error);
  }
  return {
    pid: process.pid ?? -1,
    model,
    inference: connection.inference,
    now: () => when(() => true),
    log: () => lines.join("\n"),
    [Symbol.asyncDispose]: dispose,
  };
}

const noTracing = { serviceName: "test" };

function linesTo(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      const { level, msg } = JSON.parse(chunk.toString()) as { level: number; msg: string };
      lines.push(`${pino.levels.labels[level]}: ${msg}`);
      done();
    },
  });
}
