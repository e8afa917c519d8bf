import { type Server, urlOf } from "./server.ts";

/** A peer of the command line, `name=url`. */
export interface Peer {
  readonly name: string;
  readonly url: URL;
}

/** Reads `name=http://host:port`. Throws when it is not one. */
export function parsePeer(text: string): Peer {
  const [, name, url] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url))
    throw new Error(`--peer ${text}: not name=http://host:port`);
  const parsed = new URL(url);
  // What TLS costs would be measured with it.
  if (parsed.protocol !== "http:") throw new Error(`--peer ${text}: only http`);
  return { name, url: parsed };
}

/** A server that runs already: it is measured, and left running. */
export async function runningServer({ name, url }: Peer): Promise<Server> {
  const at = { host: url.hostname, port: Number(url.port || "80") };
  const { model, vocabulary } = await modelOf(at);
  return {
    ...at,
    name,
    kind: "running",
    model,
    vocabulary,
    pid: undefined,
    log: () => "",
    stop: () => Promise.resolve(),
  };
}

interface Listed {
  readonly data: readonly { readonly id: string; readonly meta?: { readonly n_vocab?: number } | null }[];
}

/** The first model that a server lists. Where it does not say how large the vocabulary is, a small one is assumed. */
export async function modelOf(at: Pick<Server, "host" | "port">) {
  const response = await fetch(urlOf(at, "/v1/models"));
  if (!response.ok) throw new Error(`GET /v1/models answers ${response.status}`);
  const [model] = ((await response.json()) as Listed).data;
  if (model === undefined) throw new Error("the server lists no model");
  return { model: model.id, vocabulary: model.meta?.n_vocab ?? 4096 };
}
