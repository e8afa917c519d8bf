import { createServer } from "node:net";
import type { Check } from "./check.ts";

export interface Place {
  /** How the setting is called: `port`. */
  readonly setting: string;
  readonly host: string;
  readonly port: number;
}

/** Whether the server could listen there. */
export async function checkPort({ setting, host, port }: Place): Promise<Check> {
  const name = setting;
  if (port === 0) return { name, status: "ok", found: "any free port" };
  const code = await tryToListen(host, port);
  const at = `${host}:${port}`;
  switch (code) {
    case undefined:
      return { name, status: "ok", found: `${at} is free` };
    case "EADDRINUSE": {
      const who = setting === "port" && (await isTokenwire(host, port)) ? " by a Tokenwire server" : "";
      return {
        name,
        status: "fail",
        found: `${at} is in use${who}`,
        remedy: `stop what uses it, or choose another port with --${setting}`,
      };
    }
    case "EACCES":
      return {
        name,
        status: "fail",
        found: `${at} is not allowed to this user`,
        remedy: `choose a port above 1023 with --${setting}`,
      };
    default: {
      const option = setting === "port" ? "host" : "grpc_host";
      return { name, status: "fail", found: `${at} cannot be listened on (${code})`, remedy: `correct ${option}` };
    }
  }
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function isTokenwire(host: string, port: number): Promise<boolean> {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? `[${host === "::" ? "::1" : host}]` : host;
  try {
    const answer = await fetch(`http://${name}:${port}/openapi.json`, { signal: AbortSignal.timeout(2_000) });
    return /"title":\s*"Tokenwire/.test(await answer.text());
  } catch {
    return false;
  }
}
