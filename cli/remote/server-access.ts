import { readFileSync } from "node:fs";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { createTokenwireClient, type TokenwireClient } from "../../clients/tokenwire-client.ts";
import type { Environment } from "../../config/config.ts";
import { ConfigError, StartError } from "../../config/config-error.ts";
import { valueOf, type Words } from "../arguments/parse-words.ts";

/** Which running server is meant, and how it is reached. */
export interface ServerAccess {
  /** host:port */
  readonly address: string;
  readonly apiKey: string | undefined;
  /** PEM file of the authority that signed the server's certificate; "": the system's; undefined: no TLS. */
  readonly ca: string | undefined;
}

const defaultAddress = "127.0.0.1:50051";

/** Reads the flags that all commands for a running server have. */
export function readServerAccess(words: Words, env: Environment): ServerAccess {
  return {
    address: valueOf(words, "address") ?? env["TOKENWIRE_ADDRESS"] ?? defaultAddress,
    apiKey: valueOf(words, "api_key") ?? env["TOKENWIRE_API_KEY"] ?? env["GRPC_API_KEY"],
    ca: valueOf(words, "ca_certfile") ?? (valueOf(words, "tls") === undefined ? undefined : ""),
  };
}

/** Connects with the first call. The caller closes it. Throws ConfigError when the authorities' file cannot be read. */
export function connect({ address, apiKey, ca }: ServerAccess): TokenwireClient {
  return createTokenwireClient(address, {
    ...(apiKey !== undefined && { metadata: { "x-api-key": apiKey } }),
    ...(ca !== undefined && { tls: ca === "" ? {} : { rootCerts: readAuthorities(ca) } }),
  });
}

/** A call's failure as a sentence for the person at the terminal. What is not a refusal stays as it is. */
export function describeFailure(error: unknown, { address }: ServerAccess): unknown {
  if (!(error instanceof RpcError)) return error;
  const { reason, message } = error;
  // The library's words for an address that does not answer.
  const unreachable = /^(?:No connection established|Name resolution failed)/.exec(message);
  if (unreachable !== null) {
    const why = /Error: (.*?)\.? *(?:Resolution note|$)/.exec(message)?.[1] ?? message;
    const hint = "is a server running there? `tokenwire` starts one, and --address names another";
    return new StartError(`cannot reach ${address} (${why}): ${hint}`, { cause: error });
  }
  const hint = reason === ErrorReason.UNAUTHENTICATED ? "; --api_key or TOKENWIRE_API_KEY gives it" : "";
  return new StartError(`${message} (asked ${address}${hint})`, { cause: error });
}

function readAuthorities(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError([`--ca_certfile cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}
