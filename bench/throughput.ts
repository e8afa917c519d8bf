import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type LoadOptions, type LoadResult, median, runLoad } from "./load.ts";
import { type Server, startLlamaServer, startTokenwire } from "./servers.ts";

const { values } = parseArgs({
  options: {
    model: {
      type: "string",
      default: fileURLToPath(new URL("../../shared/models/SmolLM2-135M-Instruct-Q4_0.gguf", import.meta.url)),
    },
    "llama-server": {
      type: "string",
      default: fileURLToPath(new URL("./.peer/build/bin/llama-server", import.meta.url)),
    },
    users: { type: "string", default: "1,8" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "2" },
    vocabulary: { type: "string", default: "49152" },
  },
});

const promptTokens = 128;
const completionTokens = 64;
/** Of each user, before anything is measured. */
const warmUpRequests = 5;
const users = values.users.split(",").map(Number);
const rounds = Number(values.rounds);
const missing = [values.model, values["llama-server"]].filter((path) => !existsSync(path));
if (missing.length > 0) throw new Error(`not there: ${missing.join(", ")} (see bench/README.md)`);

const options = {
  model: values.model,
  slots: Math.max(...users),
  sequenceLength: 256,
  threads: availableParallelism(),
};
const servers = [await startTokenwire(options), await startLlamaServer(values["llama-server"], options)];
try {
  // JavaScript is compiled as it is used: what has just started is not what a server's users meet.
  for (const server of servers) await runLoad(loadOf(server, Math.max(...users), warmUpRequests));
  for (const count of users) {
    const results = new Map<Server, LoadResult[]>(servers.map((server) => [server, []]));
    const batch = await meanBatch(servers[0], async () => {
      for (let round = 0; round <= rounds; round++) {
        for (const server of servers) {
          const result = await runLoad(loadOf(server, count, Number(values.requests)));
          // The first round warms up.
          if (round > 0) results.get(server)?.push(result);
        }
      }
    });
    report(count, results, batch);
  }
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}

function loadOf({ port }: Server, count: number, requests: number): LoadOptions {
  const vocabulary = Number(values.vocabulary);
  return { port, model: "", users: count, requests, promptTokens, completionTokens, vocabulary };
}

function report(count: number, results: ReadonlyMap<Server, readonly LoadResult[]>, batch: number): void {
  const [ours = [], peer = []] = [...results.values()];
  const ratios = ours.map((result, i) => result.tokensPerSecond / (peer[i]?.tokensPerSecond ?? Number.NaN));
  for (const [server, all] of results) {
    const of = (pick: (result: LoadResult) => number): string => median(all.map(pick)).toFixed(1);
    console.log(
      `${count} users  ${server.name.padEnd(13)} ${of((r) => r.tokensPerSecond)} tokens/s  TTFT ${of((r) => r.ttftMs)} ms  ITL ${of((r) => r.itlMs)} ms`,
    );
  }
  console.log(
    `${count} users  ratio ${median(ratios).toFixed(3)} (${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})  mean batch ${batch.toFixed(2)}\n`,
  );
}

/** Tokenwire's mean batch size while `work` ran, from its /metrics. */
async function meanBatch(server: Server | undefined, work: () => Promise<void>): Promise<number> {
  const read = async (): Promise<[number, number]> => {
    const text = await (await fetch(`http://127.0.0.1:${server?.port}/metrics`)).text();
    const counter = (name: string): number =>
      Number(new RegExp(`^tokenwire_${name}\\{.*\\} (\\S+)$`, "m").exec(text)?.[1]);
    return [counter("decoded_sequences_total"), counter("decode_steps_total")];
  };
  const before = await read();
  await work();
  const after = await read();
  return (after[0] - before[0]) / (after[1] - before[1]);
}
