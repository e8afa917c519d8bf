import { PassThrough } from "node:stream";
import { pino } from "pino";
import {
  createTokenwireClient,
  Role,
  type ChatResponse,
  type Model,
  type TokenwireClient,
  type TokenwireClientOptions,
} from "../../../clients/index.ts";
import { modelSettingsSchema, serviceSettingsSchema, type ServiceSettings } from "../../../settings/settings.ts";
import { startServices, type Services, type ServicesOptions } from "../../../services/server.ts";

const fakeWorker = new URL("../../support/fake-worker/main.ts", import.meta.url);

export interface TestServices extends AsyncDisposable {
  readonly services: Services;
  readonly client: TokenwireClient;
  /** All that was logged, as JSON lines. */
  log(): string;
}

export interface TestOptions extends Partial<
  Pick<ServicesOptions, "limits" | "tracing" | "apiKeys" | "tls" | "readRam">
> {
  /** The models' paths by their names; a path says how the fake worker behaves. Unset: one named `a`. */
  readonly models?: Readonly<Record<string, string>>;
  readonly slots?: number;
  /** Seconds, of each model. */
  readonly ttl?: number;
  readonly service?: Partial<ServiceSettings>;
  readonly client?: TokenwireClientOptions;
  /** Unset: wait until all models are loaded, or have failed. */
  readonly ready?: false;
}

/** Services with fake workers in real processes, on a free port. */
export async function startTestServices(options: TestOptions = {}): Promise<TestServices> {
  const { limits, apiKeys, tls, readRam } = options;
  let logged = "";
  const sink = new PassThrough();
  sink.on("data", (chunk: Buffer) => (logged += chunk.toString()));
  const models = Object.entries(options.models ?? { a: "fake.gguf" }).map(([model_alias, model]) =>
    modelSettingsSchema.parse({ model, model_alias, n_slots: options.slots ?? 2, ttl: options.ttl }),
  );
  const services = await startServices({
    models,
    service: serviceSettingsSchema.parse({ grpc_port: 0, ...options.service }),
    log: pino({ level: "debug" }, sink),
    tracing: { serviceName: "test", ...options.tracing },
    workerEntry: fakeWorker,
    ...(limits && { limits }),
    ...(readRam && { readRam }),
    ...(apiKeys && { apiKeys }),
    ...(tls && { tls }),
  });
  if (options.ready !== false) await services.whenReady();
  const client = createTokenwireClient(services.address, options.client);
  return {
    services,
    client,
    log: () => logged,
    async [Symbol.asyncDispose]() {
      client.close();
      await services.close(0);
    },
  };
}

/** A chat request whose prompt tells the fake engine what to do. */
export function chat(script: string, model = "a") {
  return { model, messages: [{ role: Role.USER, content: [{ part: { case: "text" as const, value: script } }] }] };
}

export function textOf(events: readonly ChatResponse[]): string {
  return events.map(({ event }) => (event.case === "text" ? event.value.text : "")).join("");
}

/** Waits, without a time of its own, until `condition` holds after a turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** The process of a model's worker. */
export function workerPid(ctx: TestServices, model = "a"): number {
  const pid = ctx.services.pid(model);
  if (pid === undefined) throw new Error(`model ${model} has no process`);
  return pid;
}

/** The states of a model as they are told, up to and with the first that `done` is true of. */
export async function watchUntil(
  ctx: TestServices,
  done: (model: Model, seen: readonly Model[]) => boolean,
  id = "a",
): Promise<Model[]> {
  const seen: Model[] = [];
  for await (const { model } of ctx.client.models.watchModels({})) {
    if (model?.id !== id) continue;
    seen.push(model);
    if (done(model, seen)) break;
  }
  return seen;
}
