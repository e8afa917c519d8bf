import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ErrorReason, RpcError } from "../../clients/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where models are downloaded from, and where they are kept. */
export interface HubConfig {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** For repositories that not everybody may read; sent to the endpoint alone. */
  readonly token: string | undefined;
  /** The cache that all of Hugging Face's tools share. */
  readonly cacheDir: string;
  /** Nothing is to be asked of the network. */
  readonly offline: boolean;
}

/**
 * Reads the variables of Hugging Face's own tools
 * (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables): HF_ENDPOINT, HF_TOKEN or the file
 * that `hf auth login` writes, HF_HUB_CACHE, HF_HOME, HF_HUB_OFFLINE. Throws RpcError MODEL_LOAD_FAILED on an endpoint
 * that is no URL.
 */
export function readHubConfig(env: Environment = process.env): HubConfig {
  const get = (name: string): string | undefined => env[name]?.trim() || undefined;
  const home = get("HF_HOME") ?? join(get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const endpoint = (get("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, "");
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ""))
    throw new RpcError(
      ErrorReason.MODEL_LOAD_FAILED,
      `the environment variable HF_ENDPOINT is "${endpoint}", which is not an http or https URL`,
    );
  return {
    endpoint,
    token: get("HF_TOKEN") ?? readToken(get("HF_TOKEN_PATH") ?? join(home, "token")),
    cacheDir: get("HF_HUB_CACHE") ?? join(home, "hub"),
    offline: /^(1|true|yes|on)$/i.test(get("HF_HUB_OFFLINE") ?? ""),
  };
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    // Nobody has logged in here.
    return undefined;
  }
}
