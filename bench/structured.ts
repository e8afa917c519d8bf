import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Server, startLlamaServer, startTokenwire } from "./servers.ts";

// How fast answers that must be JSON, and calls that must be made, come beside plain text: tokens a second of whole
// requests through REST, in rounds that take turns, as medians of each round's ratio to plain text of the same server.
const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/tiny-guide/tiny-guide-q8_0.gguf" },
    "llama-server": { type: "string" },
    users: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "7" },
    tokens: { type: "string", default: "64" },
  },
});

const schema = {
  type: "object",
  properties: {
    people: {
      type: "array",
      minItems: 40,
      items: {
        type: "object",
        properties: { name: { type: "string" }, city: { type: "string" }, age: { type: "integer" } },
        required: ["name", "city", "age"],
        additionalProperties: false,
      },
    },
  },
  required: ["people"],
  additionalProperties: false,
};
const tool = { type: "function", function: { name: "save_people", parameters: schema } };
const kinds = {
  plain: { ignore_eos: true },
  json_schema: { response_format: { type: "json_schema", json_schema: { name: "people", schema } } },
  forced_call: { tools: [tool], tool_choice: "required" },
} as const;
type Kind = keyof typeof kinds;

const users = values.users.split(",").map(Number);
const options = {
  model: values.model,
  slots: Math.max(...users),
  sequenceLength: 1024,
  threads: availableParallelism(),
};
const starts = [() => startTokenwire(options)];
const binary = values["llama-server"];
if (binary !== undefined) starts.push(() => startLlamaServer(binary, options));

for (const start of starts) {
  const server = await start();
  try {
    for (const count of users) await compare(server, count);
  } finally {
    await server.stop();
  }
}

async function compare(server: Server, count: number): Promise<void> {
  const ratios: Record<Kind, number[]> = { plain: [], json_schema: [], forced_call: [] };
  const speeds: Record<Kind, number[]> = { plain: [], json_schema: [], forced_call: [] };
  for (const kind of Object.keys(kinds) as Kind[]) await measure(server, kind, count);
  for (let round = 0; round < Number(values.rounds); round++) {
    let plain = NaN;
    for (const kind of Object.keys(kinds) as Kind[]) {
      const speed = await measure(server, kind, count);
      if (kind === "plain") plain = speed;
      speeds[kind].push(speed);
      ratios[kind].push(speed / plain);
    }
  }
  for (const kind of Object.keys(kinds) as Kind[]) {
    const [tokensPerSecond, ofPlain] = [median(speeds[kind]), median(ratios[kind])];
    console.log(JSON.stringify({ server: server.name, users: count, kind, tokensPerSecond, ofPlain }));
  }
}

/** Tokens a second of one request of each user, all at once. */
async function measure({ port }: Server, kind: Kind, count: number): Promise<number> {
  const messages = [{ role: "user", content: "List forty people with their names, cities and ages." }];
  const body = JSON.stringify({ messages, max_tokens: Number(values.tokens), temperature: 0.8, ...kinds[kind] });
  const begin = performance.now();
  const tokens = await Promise.all(
    Array.from({ length: count }, async () => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", headers, body });
      if (!response.ok) throw new Error(`${kind}: ${await response.text()}`);
      const { usage } = (await response.json()) as { usage: { completion_tokens: number } };
      return usage.completion_tokens;
    }),
  );
  return tokens.reduce((sum, each) => sum + each, 0) / ((performance.now() - begin) / 1000);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(3));
}
