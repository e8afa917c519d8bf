import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { StartError } from "../config/config-error.ts";
import { type AppDeps, createApp } from "./app.ts";
import { Lifecycle } from "./lifecycle.ts";

export interface RunningShim {
  readonly port: number;
  /** Where it listens, with the scheme: `http://127.0.0.1:8000`. */
  readonly url: string;
  /**
   * Stops accepting, refuses new requests, lets running answers finish for `graceMs`, then ends them with an error.
   * Resolves when every connection is closed. A second call shortens the grace.
   */
  close(graceMs: number): Promise<void>;
}

// Above the idle time of common load balancers (60 s), so that it is they who close an idle connection.
const keepAliveMs = 65_000;
const headersMs = 20_000;
/** A body of some megabytes over a slow line; a client that only trickles is cut off. */
const requestMs = 120_000;
const idleCheckMs = 20;
/** An error frame needs a moment to get out before its connection is closed. */
const lastWordsMs = 500;

/** Listens with the app. Rejects with a sentence when the address is taken or a certificate cannot be used. */
export async function startShim(deps: Omit<AppDeps, "lifecycle">): Promise<RunningShim> {
  const lifecycle = new Lifecycle();
  const server = createHttpServer(deps, lifecycle);
  const { host, port } = deps.settings;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const scheme = deps.settings.ssl_certfile === undefined ? "http" : "https";
  const closed = Promise.withResolvers<void>();
  server.once("close", () => closed.resolve());
  return {
    port: address.port,
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    async close(graceMs) {
      lifecycle.drain();
      server.close();
      // A connection whose answer ends now would be kept for the next request.
      const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      const grace = setTimeout(() => lifecycle.endNow(), graceMs);
      const end = setTimeout(() => server.closeAllConnections(), graceMs + lastWordsMs);
      await closed.promise;
      clearInterval(idle);
      clearTimeout(grace);
      clearTimeout(end);
    },
  };
}

function createHttpServer(deps: AppDeps, lifecycle: Lifecycle): Server {
  const { ssl_keyfile: keyFile, ssl_certfile: certFile } = deps.settings;
  const limits = { keepAliveTimeout: keepAliveMs, headersTimeout: headersMs, requestTimeout: requestMs };
  const handle = createApp({ ...deps, lifecycle }).callback();
  const listener = (...args: Parameters<typeof handle>): void => void handle(...args);
  if (keyFile === undefined || certFile === undefined) return createServer(limits, listener);
  const tls = { key: readPem(keyFile, "ssl_keyfile"), cert: readPem(certFile, "ssl_certfile") };
  try {
    return createTlsServer({ ...limits, ...tls }, listener);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`ssl_keyfile ${keyFile} and ssl_certfile ${certFile} cannot be used: ${why}`, {
      cause: error,
    });
  }
}

function readPem(file: string, setting: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartError(`${setting}: ${file} cannot be read`, { cause: error });
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new StartError(
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use: choose another port`
        : `cannot listen on ${host}:${port}: ${reasons[code] ?? String(error)}`,
      { cause: error },
    );
  } finally {
    server.off("error", reject);
  }
}

const unknownHost =
  "this host is not known: name an address of this machine with --host, or unset the variable HOST if it comes from there";

/** Why one cannot listen, by the system's code. */
const reasons: Readonly<Partial<Record<string, string>>> = {
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  EADDRNOTAVAIL: "this machine has no such address: 127.0.0.1 is itself, 0.0.0.0 every interface",
  EACCES: "this user may not use that port: choose one from 1024 on",
};
