// The entry of the separate form: the services and their workers, without the REST face, which runs elsewhere.
import process from "node:process";
import { createLog } from "../cli/serve/create-log.ts";
import { endOnSignals } from "../cli/serve/end-on-signals.ts";
import { parseCommand, type ServerSettings } from "../cli/arguments/parse-command.ts";
import { reloadOnSignal } from "../cli/serve/reload-on-signal.ts";
import { runCommand } from "../cli/run-command.ts";
import { runProgram } from "../cli/run-program.ts";
import { readTracingConfig } from "../clients/tracing/config.ts";
import { startTracing } from "../clients/tracing/sdk.ts";
import { packageVersion, readEnvironment } from "../config/config.ts";
import { readTls } from "../config/files/read-tls.ts";
import { startServices } from "./server.ts";

/**
 * The settings of the REST face are known and checked here too, so that one config file can be given to both processes;
 * of them gRPC has the keys and the certificate.
 */
async function serve(settings: ServerSettings, warnings: readonly string[]): Promise<void> {
  const { models, folderModel, service, shim } = settings;
  const tls = readTls(shim);
  const log = createLog({ level: service.log_level, format: service.log_format });
  for (const warning of warnings) log.warn(warning);
  const tracingConfig = { ...readTracingConfig("tokenwire"), serviceVersion: packageVersion() };
  const tracing = await startTracing({ ...tracingConfig, onWarning: (message) => log.warn(message) });
  const services = await startServices({
    models,
    folderModel,
    service,
    log,
    tracing: tracingConfig,
    apiKeys: shim.api_key ?? [],
    ...(tls && { tls }),
  });
  log.info(`gRPC at ${services.address}${tls ? " with TLS" : ""}`);

  const ending = endOnSignals({
    log,
    graceMs: service.grace_seconds * 1000,
    async close(graceMs) {
      await services.close(graceMs);
      await tracing.shutdown();
    },
    exit: (code) => process.exit(code),
  });

  reloadOnSignal({ services, settings, log });
  const loads = await services.whenReady();
  // Nothing but a change of the configuration or the files would help: better to end than to look alive.
  if (!ending.begun && loads.length > 0 && loads.every(({ error }) => error !== undefined)) await ending.begin(1, 0);
}

await runProgram(
  async () => {
    const command = parseCommand(process.argv.slice(2), readEnvironment(), process.cwd());
    if (command.command === "serve") await serve(command.settings, command.warnings);
    else await runCommand(command);
  },
  (code) => process.exit(code),
);
