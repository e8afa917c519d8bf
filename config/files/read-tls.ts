import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigError } from "../config-error.ts";

/** The settings of REST and gRPC that say how they are encrypted. */
export interface TlsSettings {
  /** Absolute paths; both or none. */
  readonly ssl_keyfile?: string | undefined;
  readonly ssl_certfile?: string | undefined;
}

/** The certificate and key to serve with, PEM; undefined: no encryption is asked for. Throws a ConfigError when they do not belong together. */
export function readTls(settings: TlsSettings): { readonly cert: Buffer; readonly key: Buffer } | undefined {
  const { ssl_keyfile: keyFile, ssl_certfile: certFile } = settings;
  if (keyFile === undefined || certFile === undefined) return undefined;
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  try {
    createSecureContext(pair);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`ssl_certfile ${certFile} and ssl_keyfile ${keyFile} cannot be used together: ${why}`]);
  }
  return pair;
}
