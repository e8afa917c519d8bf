import { isDeepStrictEqual } from "node:util";
import { coerce } from "../config/values/coerce.ts";
import type { Term, Vocabulary } from "../config/vocabulary.ts";
import { required } from "../settings/setting.ts";

/** docs/settings.md: every setting, what it means, and what it was in llama_cpp.server. Markdown, to be formatted. */
export function settingsPage(vocabulary: Vocabulary): string {
  const terms = [...vocabulary.values()];
  const of = (disposition: Term["setting"]["disposition"]) =>
    terms.filter(({ setting }) => setting.disposition === disposition);
  const groups = Map.groupBy(of("honoured"), ({ group }) => group);
  return [
    introduction,
    ...[...groups].map(([group, members]) => `## ${group}\n\n${honouredTable(members)}`),
    `## Refused\n\n${refusedText}\n\n${exceptionsTable(of("refused"))}`,
    `## Without effect\n\n${meaninglessText}\n\n${exceptionsTable(of("meaningless"))}`,
    machine,
  ].join("\n\n");
}

const introduction = `# Settings

<!-- Written by \`npm run schema\` from the rows in settings/; a test compares. -->

Each setting is a key of the config file (JSON or YAML), a flag (\`--n_ctx 4096\`, \`--n-ctx=4096\`) and an environment
variable (\`N_CTX\`). Settings of models belong in the items of \`models\`, those of "REST server" and "gRPC service" at the
top of the file. Where several sources have a setting, the first of these decides:

| setting | sources |
| --- | --- |
| of the server | flag; \`HOST\` and \`PORT\` of the environment; config file; other variables; default |
| of a model | config file (without one: flag); variable; default |
| the config file itself | variable \`CONFIG_FILE\`; flag \`--config_file\` |

Names and values are those of \`llama_cpp.server\`, where it had the setting. The last column has its default where that was
different, and nothing where it had no such setting.

Nothing is accepted and ignored: what cannot be honoured stops the start with a sentence, and what has no effect is named
in a warning, also when another setting is the reason (\`main_gpu\` without \`split_mode: none\`). A test checks in a running
worker that each setting has its effect: \`test/model/settings.test.ts\`.`;

const refusedText = `Their default values are accepted, since they ask for nothing. Any other value stops the start.`;

const meaninglessText = `Nothing in today's llama.cpp depends on them. They are accepted with a warning.`;

const machine = `## Downloads

\`hf_model_repo_id\` and \`hf_pretrained_model_name_or_path\` use the cache and the variables of Hugging Face's own tools:
\`HF_HUB_CACHE\` or \`HF_HOME\` (where it is; \`models_dir\` goes before them), \`HF_TOKEN\` or the login of \`hf auth login\` (for private
and gated repositories), \`HF_ENDPOINT\` (a mirror), \`HF_HUB_OFFLINE=1\` (never use the network). Files
that those tools have downloaded are found, and they find what is downloaded here. An interrupted download resumes where it
stopped, and its SHA-256 is checked. A file in the cache is used without asking the hub, so a restart needs no network and
gets the same model; to get a newer one, remove the repository's folder from the cache. Behind a proxy, set
\`NODE_USE_ENV_PROXY=1\` beside \`HTTPS_PROXY\`.

## GPUs

The log of a load lists the GPUs with the numbers that \`gpus\` takes. With \`n_gpu_layers: 0\` or \`gpus: []\` the CPU build of
llama.cpp is loaded, which starts faster. \`offloaded 41/41 layers to GPU\` in the start-up text counts the output layer, as
llama.cpp does.
`;

function honouredTable(terms: readonly Term[]): string {
  const rows = terms.map((term) => {
    const { name, setting } = term;
    return [`\`${name}\``, code(defaultOf(term)), escape(setting.schema.description ?? ""), before(term)];
  });
  return table(["setting", "default", "what it means", "llama_cpp.server"], rows);
}

function exceptionsTable(terms: readonly Term[]): string {
  const rows = terms.map(({ name, setting }) => [
    `\`${name}\``,
    escape(setting.schema.description ?? ""),
    escape(`It ${setting.disposition === "refused" ? "" : "has no effect: "}${setting.because}.`),
  ]);
  return table(["setting", "what it was", "here"], rows);
}

function defaultOf({ name, json }: Term): unknown {
  return name === "model" ? required : json.default;
}

/** That server's default, where it had the setting with another one. */
function before(term: Term): string {
  const { setting } = term;
  const was = setting.replaced?.was;
  if (was === undefined) return "";
  const [there, here] = [coerce(setting.schema, was), coerce(setting.schema, defaultOf(term) ?? null)];
  const isSame = there.ok && here.ok && isDeepStrictEqual(there.value, here.value);
  return isSame || was === required ? "the same" : code(was);
}

/** A value as it is written; words stay words. */
function code(value: unknown): string {
  if (value === undefined || value === null) return "unset";
  return typeof value === "string" && /^\w+( \w+)+$|^required$/.test(value) ? value : `\`${JSON.stringify(value)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Text that Markdown would read as more than text. */
function escape(text: string): string {
  return text.replaceAll(/[|*<>[\]]/g, "\\$&");
}
