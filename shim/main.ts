import { pino } from "pino";
import { createTokenwireClient } from "../clients/tokenwire-client.ts";
import { readShimSettings } from "./config.ts";
import { startShim } from "./server.ts";

/** How long running answers may go on after the first signal to end. */
const graceMs = 30_000;

/** The REST face as a process of its own, in front of a gRPC service that may be on another host. */
async function main(): Promise<void> {
  const settings = readShimSettings(process.argv.slice(2));
  const logger = pino();
  const client = createTokenwireClient(settings.grpc_address);
  const shim = await startShim({ client, settings, logger, version: "separate" });
  logger.info(`REST at ${shim.url}/v1, answered by the gRPC service at ${settings.grpc_address}`);

  let ending = false;
  const end = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(130);
    ending = true;
    logger.info(`${signal}: running answers may finish within ${graceMs / 1_000} s; a second ${signal} ends at once`);
    void shim.close(graceMs).then(() => {
      client.close();
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
