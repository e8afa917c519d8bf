import { format } from "prettier";

export type Status = "enforced" | "refused" | "no effect";

/** A field of a request, as it was found. */
export interface FieldRow {
  readonly field: string;
  readonly status: Status;
  readonly detail: string;
}

export interface EndpointRow {
  readonly endpoint: string;
  readonly summary: string;
}

export interface Compatibility {
  readonly endpoints: readonly EndpointRow[];
  /** By endpoint. */
  readonly fields: Readonly<Record<string, readonly FieldRow[]>>;
  /** What is refused inside of the chat's fields, and the `param` of the refusal. */
  readonly nested: readonly (readonly [string, string])[];
  /** What is other than in the replaced server: the subject, there, here. */
  readonly replaced: readonly (readonly [string, string, string])[];
}

/** `docs/compatibility.md`, from what the probes have seen. */
export async function compatibilityPage({ endpoints, fields, nested, replaced }: Compatibility): Promise<string> {
  const sections = [
    intro,
    "## Endpoints",
    table(
      ["endpoint", "what it does"],
      endpoints.map(({ endpoint, summary }) => [code(endpoint), summary]),
    ),
    ...Object.entries(fields).flatMap(([endpoint, rows]) => [
      `## ${code(endpoint)}`,
      table(
        ["parameter", "here", "what the probe saw, or why"],
        rows.map(({ field, status, detail }) => [code(field), status, detail]),
      ),
    ]),
    "## Inside messages and tools",
    "Known to OpenAI's chat API, and refused here with the code `unsupported_parameter`:",
    table(
      ["what", "`param` of the refusal"],
      nested.map(([what, param]) => [what, code(param)]),
    ),
    "## Coming from llama_cpp.server",
    replacedIntro,
    table(["", "llama_cpp.server", "here"], replaced),
  ];
  return format(sections.join("\n\n"), { parser: "markdown", printWidth: 120 });
}

const intro = `# Compatibility

<!-- Written by \`npm run compatibility\`; a test compares. -->

What this server does with each parameter. Every row was seen by a probe that asked a running server
(\`test/model/contract/probes\`):

- **enforced**: it takes effect, as the last column says.
- **refused**: the API knows it and this server does not serve it: a 400 that names it, never a silent drop.
- **no effect**: accepted, because it asks for nothing that would be missing from the answer; the answer's \`warning\` header says why.

\`null\` is the same as leaving a parameter out. A value out of range or of the wrong type is a 400 with \`param\`. A field
that nobody knows is ignored and named in the \`warning\` header, with the field that was probably meant. Answers and
chunks have the shape of OpenAI's API; beyond it there is \`reasoning_content\` in messages and deltas, and \`status\`
and \`meta\` in models.`;

const replacedIntro = `The same \`config.json\` and the same requests work; \`tokenwire migrate config.json\` says what each setting means here.
What a client may notice:`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
