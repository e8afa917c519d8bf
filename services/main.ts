// The entry of the separate form: the services and their workers, without the REST face, which runs elsewhere.
import process from "node:process";
import { type Logger, pino } from "pino";
import { parseCommand, type ServerSettings } from "../cli/parse-command.ts";
import { readTracingConfig } from "../clients/tracing/config.ts";
import { startTracing } from "../clients/tracing/sdk.ts";
import { ConfigError } from "../config/config-error.ts";
import { readEnvironment } from "../config/config.ts";
import { readTls } from "../config/read-tls.ts";
import { startServices } from "./server.ts";

/**
 * The settings of the REST face are known and checked here too, so that one config file can be given to both processes;
 * of them gRPC has the keys and the certificate.
 */
async function serve({ models, service, shim }: ServerSettings, warnings: readonly string[]): Promise<void> {
  const tls = readTls(shim);
  const log: Logger = pino({ level: service.log_level }, pino.destination(2));
  for (const warning of warnings) log.warn(warning);
  const tracingConfig = readTracingConfig("tokenwire");
  const tracing = await startTracing({ ...tracingConfig, onWarning: (message) => log.warn(message) });
  const services = await startServices({
    models,
    service,
    log,
    tracing: tracingConfig,
    apiKeys: shim.api_key ?? [],
    ...(tls && { tls }),
  });
  log.info(`gRPC at ${services.address}${tls ? " with TLS" : ""}`);

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
  const command = parseCommand(process.argv.slice(2), readEnvironment(), process.cwd());
  if (command.command === "print") console.log(command.text);
  else await serve(command.settings, command.warnings);
} catch (error) {
  const expected = error instanceof ConfigError;
  // A start that fails is told in a sentence; only a bug shows its stack.
  console.error(expected || error instanceof Error ? error.message : error);
  process.exit(expected ? 2 : 1);
}
