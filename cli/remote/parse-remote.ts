import { ConfigError } from "../../config/config-error.ts";
import { suggest } from "../../config/suggest.ts";

/** What a running server is asked to do. */
export type RemoteTask =
  | { readonly name: "ps" | "models" }
  | { readonly name: "show" | "load" | "rm"; readonly id: string }
  | { readonly name: "unload"; readonly id: string; readonly force: boolean }
  | {
      readonly name: "pull";
      readonly source: string;
      readonly file: string;
      readonly id: string;
      readonly sha256: string;
    };

export interface RemoteCommand {
  readonly task: RemoteTask;
  /** host:port */
  readonly address: string;
  readonly apiKey: string | undefined;
  /** PEM file of the authority that signed the server's certificate; "": the system's; undefined: no TLS. */
  readonly ca: string | undefined;
  /** For scripts: one JSON value per line. */
  readonly json: boolean;
}

export const remoteCommands = ["ps", "models", "show", "load", "unload", "pull", "rm"] as const;
type RemoteName = (typeof remoteCommands)[number];

const defaultAddress = "127.0.0.1:50051";
const switches: ReadonlySet<string> = new Set(["json", "force", "tls"]);
const options: Readonly<Record<RemoteName, readonly string[]>> = {
  ps: [],
  models: [],
  show: [],
  load: [],
  unload: ["force"],
  pull: ["file", "id", "sha256"],
  rm: [],
};
const usual = ["address", "api_key", "json", "tls", "ca_certfile"];
const operands: Readonly<Partial<Record<RemoteName, string>>> = {
  show: "MODEL",
  load: "MODEL",
  unload: "MODEL",
  rm: "MODEL",
  pull: "REPOSITORY[:PATTERN] or URL",
};

/** Reads the words after a command's name. Throws ConfigError with what is wrong. */
export function parseRemote(
  name: RemoteName,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RemoteCommand {
  const flags = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? "";
    if (!word.startsWith("--")) {
      plain.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const flag = (equals === -1 ? word : word.slice(0, equals)).slice(2).toLowerCase().replaceAll("-", "_");
    const known = [...usual, ...options[name]];
    if (!known.includes(flag)) {
      const all = known.map((one) => `--${one}`);
      throw new ConfigError([`${word} is not a flag of ${name}${suggest(word, all)}: it has ${all.join(", ")}`]);
    }
    const value = equals !== -1 ? word.slice(equals + 1) : switches.has(flag) ? "true" : words[at++];
    if (value === undefined) throw new ConfigError([`--${flag} needs a value`]);
    flags.set(flag, value);
  }
  const operand = operands[name];
  if (plain.length !== (operand === undefined ? 0 : 1))
    throw new ConfigError([`tokenwire ${name}${operand === undefined ? " takes no name" : ` ${operand}`}: ${usage}`]);
  const ca = flags.get("ca_certfile") ?? (flags.get("tls") === "true" ? "" : undefined);
  return {
    task: taskOf(name, plain[0] ?? "", flags),
    address: flags.get("address") ?? env["TOKENWIRE_ADDRESS"] ?? defaultAddress,
    apiKey: flags.get("api_key") ?? env["TOKENWIRE_API_KEY"] ?? env["GRPC_API_KEY"],
    ca,
    json: flags.get("json") === "true",
  };
}

const usage = "--address HOST:PORT, --api_key KEY, --tls, --ca_certfile FILE and --json say which server, and how";

function taskOf(name: RemoteName, operand: string, flags: ReadonlyMap<string, string>): RemoteTask {
  switch (name) {
    case "ps":
    case "models":
      return { name };
    case "show":
    case "load":
    case "rm":
      return { name, id: operand };
    case "unload":
      return { name, id: operand, force: flags.get("force") === "true" };
    case "pull": {
      const isUrl = /^https?:\/\//i.test(operand);
      const [source = "", tag = ""] = isUrl ? [operand] : operand.split(":");
      const pattern = tag === "" || /[*.]/.test(tag) ? tag : `*${tag}*.gguf`;
      return {
        name,
        source,
        file: flags.get("file") ?? pattern,
        id: flags.get("id") ?? "",
        sha256: flags.get("sha256") ?? "",
      };
    }
  }
}
