import { createLog } from "../cli/serve/create-log.ts";
import { endOnSignals } from "../cli/serve/end-on-signals.ts";
import { parseShimCommand } from "../cli/arguments/parse-shim-command.ts";
import { runProgram } from "../cli/run-program.ts";
import { readTracingConfig } from "../clients/tracing/config.ts";
import { startTracing } from "../clients/tracing/sdk.ts";
import { packageVersion, readEnvironment } from "../config/config.ts";
import type { SeparateShimSettings } from "../settings/rest-settings.ts";
import { connectService } from "./connect-service.ts";
import { startShim } from "./server.ts";

/** The REST face as a process of its own, in front of a gRPC service that may be on another host. */
async function serve(settings: SeparateShimSettings): Promise<void> {
  const { grpc_address: address, grace_seconds: graceSeconds } = settings;
  const logger = createLog({ level: "info", format: "auto" });
  const version = packageVersion();
  const tracing = await startTracing({
    ...readTracingConfig("tokenwire-shim"),
    serviceVersion: version,
    onWarning: (message) => logger.warn(message),
  });
  const client = connectService(settings);
  const shim = await startShim({ client, settings, logger, version });
  logger.info(`REST at ${shim.url}/v1, answered by the gRPC service at ${address}`);

  endOnSignals({
    log: logger,
    graceMs: graceSeconds * 1_000,
    async close(graceMs) {
      await shim.close(graceMs);
      client.close();
      await tracing.shutdown();
    },
    exit: (code) => process.exit(code),
  });
}

await runProgram(
  async () => {
    const command = parseShimCommand(process.argv.slice(2), readEnvironment(), process.cwd());
    if (command.command === "print") console.log(command.text);
    else await serve(command.settings);
  },
  (code) => process.exit(code),
);
