import { pino } from "pino";
import { readTracingConfig } from "../clients/tracing/config.ts";
import { startTracing } from "../clients/tracing/sdk.ts";
import { readShimSettings } from "./config.ts";
import { connectService } from "./connect-service.ts";
import { startShim } from "./server.ts";
import { readVersion } from "./version.ts";

/** The REST face as a process of its own, in front of a gRPC service that may be on another host. */
async function main(): Promise<void> {
  const settings = readShimSettings(process.argv.slice(2));
  const { grpc_address: address, grace_seconds: graceSeconds } = settings;
  const logger = pino();
  const tracing = await startTracing({
    ...readTracingConfig("tokenwire-shim"),
    onWarning: (message) => logger.warn(message),
  });
  const client = connectService(settings);
  const shim = await startShim({ client, settings, logger, version: readVersion() });
  logger.info(`REST at ${shim.url}/v1, answered by the gRPC service at ${address}`);

  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(130);
    ending = true;
    logger.info(`${signal}: running answers may finish within ${graceSeconds} s; a second ${signal} ends at once`);
    void shim.close(graceSeconds * 1_000).then(async () => {
      client.close();
      await tracing.shutdown();
      process.exit(0);
    });
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
