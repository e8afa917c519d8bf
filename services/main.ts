// The entry of the separate form: the services and their workers, without the REST face, which runs elsewhere.
import process from "node:process";
import { type Logger, pino } from "pino";
import { z } from "zod";
import { parseArgs } from "../cli/parse-args.ts";
import { readTracingConfig } from "../clients/tracing/config.ts";
import { startTracing } from "../clients/tracing/sdk.ts";
import { ConfigError } from "../config/config-error.ts";
import { readEnvironment } from "../config/config.ts";
import { loadConfig, type LoadedConfig } from "../config/load-config.ts";
import { createVocabulary } from "../config/vocabulary.ts";
import { startServices } from "./server.ts";

/** What a config file says of the REST face, so that one file can be given to both processes. */
const restSettings = z.object({
  host: z.string().optional().describe("Where the REST server listens; not read here."),
  port: z.int().optional().describe("Where the REST server listens; not read here."),
});

function readConfig(): LoadedConfig {
  const parsed = parseArgs(process.argv.slice(2), createVocabulary(restSettings));
  if (parsed.command !== "serve")
    throw new ConfigError([`this program only serves: for ${parsed.command}, use tokenwire`]);
  return loadConfig(restSettings, { flags: parsed.flags, env: readEnvironment(), cwd: process.cwd() });
}

async function serve({ settings, warnings }: LoadedConfig): Promise<void> {
  const { models, service } = settings;
  const log: Logger = pino({ level: service.log_level }, pino.destination(2));
  for (const warning of warnings) log.warn(warning);
  const tracingConfig = readTracingConfig("tokenwire");
  const tracing = await startTracing({ ...tracingConfig, onWarning: (message) => log.warn(message) });
  const services = await startServices({ models, service, log, tracing: tracingConfig });
  log.info(`gRPC at ${services.address}`);

  let ending = false;
  const end = async (code: number, graceMs: number): Promise<void> => {
    ending = true;
    await services.close(graceMs);
    await tracing.shutdown();
    process.exit(code);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // The workers notice that we are gone, and go too.
    if (ending) process.exit(130);
    log.info(`${signal}: running answers may finish within ${service.grace_seconds} s; again: end at once`);
    void end(0, service.grace_seconds * 1000);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);

  const loads = await services.whenReady();
  // Nothing but a change of the configuration or the files would help: better to end than to look alive.
  if (!ending && loads.every(({ error }) => error !== undefined)) await end(1, 0);
}

try {
  await serve(readConfig());
} catch (error) {
  const expected = error instanceof ConfigError;
  // A start that fails is told in a sentence; only a bug shows its stack.
  console.error(expected || error instanceof Error ? error.message : error);
  process.exit(expected ? 2 : 1);
}
