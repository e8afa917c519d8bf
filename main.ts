import process from "node:process";
import { createLog } from "./cli/serve/create-log.ts";
import { endOnSignals } from "./cli/serve/end-on-signals.ts";
import { showLoadProgress } from "./cli/serve/load-progress.ts";
import { parseCommand, type ServerSettings } from "./cli/arguments/parse-command.ts";
import { reloadOnSignal } from "./cli/serve/reload-on-signal.ts";
import { runCommand } from "./cli/run-command.ts";
import { runProgram } from "./cli/run-program.ts";
import { startUpText } from "./cli/serve/start-up-text.ts";
import { StatusLine } from "./cli/serve/status-line.ts";
import { readTracingConfig } from "./clients/tracing/config.ts";
import { startTracing } from "./clients/tracing/sdk.ts";
import { commandPrefix, packageVersion, readEnvironment } from "./config/config.ts";
import { readTls } from "./config/files/read-tls.ts";
import { isLoopback } from "./services/models/is-loopback.ts";
import { startServices } from "./services/server.ts";
import { startShim } from "./shim/server.ts";

/** All in one: the services with their workers, and the REST and tRPC face that calls them through gRPC. */
async function serve(settings: ServerSettings, warnings: readonly string[]): Promise<void> {
  const line = new StatusLine(process.stderr);
  const log = createLog({ level: settings.service.log_level, format: settings.service.log_format, line });
  for (const warning of warnings) log.warn(warning);
  const version = packageVersion();
  const tls = readTls(settings.shim);
  const tracingConfig = { ...readTracingConfig("tokenwire"), serviceVersion: version };
  const tracing = await startTracing({ ...tracingConfig, onWarning: (message) => log.warn(message) });

  const services = await startServices({
    models: settings.models,
    folderModel: settings.folderModel,
    localMayManage: (settings.shim.api_key ?? []).length > 0 || isLoopback(settings.shim.host),
    service: settings.service,
    log,
    tracing: tracingConfig,
    apiKeys: settings.shim.api_key ?? [],
    ...(tls && { tls }),
  });
  const { client } = services;
  const shim = await startShim({ client, settings: settings.shim, logger: log, version }).catch(
    async (error: unknown) => {
      await services.close(0);
      throw error;
    },
  );

  const ending = endOnSignals({
    log,
    graceMs: settings.service.grace_seconds * 1000,
    async close(graceMs) {
      // Every face refuses from now on, and all of them share one grace.
      await Promise.all([shim.close(graceMs), services.drain(graceMs)]);
      await services.close(0);
      await tracing.shutdown();
    },
    exit: (code) => process.exit(code),
  });

  reloadOnSignal({ services, settings, log });
  const stopProgress = showLoadProgress(services.models, line);
  const loads = await services.whenReady();
  stopProgress();
  if (ending.begun) return;
  if (loads.length > 0 && loads.every(({ error }) => error !== undefined)) {
    for (const { model, error } of loads) console.error(`model "${model.id}" could not be loaded: ${error}`);
    return ending.begin(1, 0);
  }
  const { embedded } = settings;
  const command = commandPrefix(readEnvironment());
  const access = { tls: tls !== undefined, needsKey: (settings.shim.api_key ?? []).length > 0 };
  console.log(
    startUpText({ version, restUrl: shim.url, grpcAddress: services.address, ...access, loads, embedded, command }),
  );
}

await runProgram(
  async () => {
    const command = parseCommand(process.argv.slice(2), readEnvironment(), process.cwd());
    if (command.command === "serve") await serve(command.settings, command.warnings);
    else await runCommand(command);
  },
  (code) => process.exit(code),
);
