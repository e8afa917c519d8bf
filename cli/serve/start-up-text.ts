import type { LoadResult } from "../../services/pool/model-pool.ts";
import { describeOffload } from "../../services/supervisor/describe-load.ts";

export interface StartUp {
  readonly version: string;
  /** Where REST listens, without path. */
  readonly restUrl: string;
  /** `host:port` */
  readonly grpcAddress: string;
  /** REST and gRPC are encrypted. */
  readonly tls: boolean;
  /** Callers must send a key. */
  readonly needsKey: boolean;
  readonly loads: readonly LoadResult[];
  /** The model that ships with the package is served, as no other was named. */
  readonly embedded: boolean;
  /** How the user starts this program: `npm start --`, `tokenwire`. */
  readonly command: string;
}

/** What start-up ends with: where to call, which native build runs, and which models there are. */
export function startUpText({
  version,
  restUrl,
  grpcAddress,
  tls,
  needsKey,
  loads,
  embedded,
  command,
}: StartUp): string {
  const [first] = loads;
  const details = loads.find(({ error }) => error === undefined)?.model.details;
  const example = exampleRequest(first?.model);
  return [
    "",
    `Tokenwire ${version} is ready`,
    `  web   ${restUrl}/    (chat, models, requests; every route at ${restUrl}/docs)`,
    `  REST  ${restUrl}/v1    (OpenAI's API; others beside it)`,
    `  gRPC  ${grpcAddress}    (tokenwire.v1, with reflection${tls ? ", TLS" : ""})`,
    `  tRPC  ${restUrl}/trpc`,
    ...(details === undefined ? [] : [`  llama.cpp: ${details.backend}, ${threads(details.threads)}`]),
    "",
    "Models:",
    ...loads.map(modelLine),
    "",
    ...(embedded ? embeddedText(command) : []),
    `Try:   curl ${restUrl}${example.path} -H "content-type: application/json" \\`,
    ...(needsKey ? [`         -H "authorization: Bearer $API_KEY" \\`] : []),
    `         -d '{"model": "${first?.model.id ?? ""}", ${example.fields}}'`,
    "Stop:  Ctrl+C",
    "",
  ].join("\n");
}

function threads(count: number): string {
  return `${count} ${count === 1 ? "thread" : "threads"}`;
}

function embeddedText(command: string): readonly string[] {
  return [
    "tiny-guide is a 4 MB demo model that comes with Tokenwire, so that a first request gets an answer; it is not for real",
    `work. Serve your own GGUF file with   ${command} --model /path/to/model.gguf`,
    `or several with a config file with    ${command} --config_file config.json`,
    "",
  ];
}

/** What the model can answer: it is not known of one that is loaded later. */
function exampleRequest(model: LoadResult["model"] | undefined): { readonly path: string; readonly fields: string } {
  const details = model?.details;
  if (details === undefined || details.generates)
    return { path: "/v1/chat/completions", fields: `"messages": [{"role": "user", "content": "Hello!"}]` };
  if (details.layers === 0) return { path: "/extras/tokenize", fields: `"input": "Hello!"` };
  return details.reranks
    ? { path: "/v1/rerank", fields: `"query": "Who greets?", "documents": ["Hello!", "Good night."]` }
    : { path: "/v1/embeddings", fields: `"input": "Hello!"` };
}

function modelLine({ model, error }: LoadResult): string {
  const { id, details, ttlSeconds } = model;
  if (error !== undefined) return `  ${id}: NOT LOADED: ${error}`;
  if (ttlSeconds !== undefined && details === undefined)
    return `  ${id}: loaded by its first request, unloaded after ${ttlSeconds} s without one`;
  if (details === undefined) return `  ${id}: loaded by its first request, as it does not fit beside the others`;
  // Only of a model with vocab_only.
  if (details.layers === 0) return `  ${id}: ${details.description}, tokenizes only`;
  const what = details.generates
    ? `${details.slots} at once, ${details.contextLength} tokens each`
    : details.reranks
      ? "ranks documents"
      : "embeddings only";
  return `  ${id}: ${details.description}, ${what}, ${describeOffload(details)}`;
}
