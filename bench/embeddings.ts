import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { median } from "./load.ts";
import { type Server, startLlamaServer, startTokenwire } from "./servers.ts";

const { values } = parseArgs({
  options: {
    model: {
      type: "string",
      default: fileURLToPath(new URL("../../shared/models/all-MiniLM-L6-v2-Q8_0.gguf", import.meta.url)),
    },
    "llama-server": {
      type: "string",
      default: fileURLToPath(new URL("./.peer/build/bin/llama-server", import.meta.url)),
    },
    texts: { type: "string", default: "256" },
    rounds: { type: "string", default: "5" },
  },
});

if (!existsSync(values.model)) throw new Error(`not there: ${values.model} (see bench/README.md)`);
const count = Number(values.texts);
const users = 8;
const texts = Array.from({ length: count }, (_, i) => `the quick brown fox jumps over the lazy dog, for time ${i}`);
// As many slots as fill a batch of llama-server's with these texts.
const options = { model: values.model, slots: 32, sequenceLength: 512, threads: availableParallelism(), embeds: true };
const servers: Server[] = [await startTokenwire(options)];
if (existsSync(values["llama-server"])) servers.push(await startLlamaServer(values["llama-server"], options));
else console.log("llama-server is not there (see bench/README.md): no comparison");

const agent = new Agent({ keepAlive: true });
const rates = new Map(
  servers.map((server) => [server, { together: [] as number[], atOnce: [] as number[], alone: [] as number[] }]),
);
try {
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [server, { together, atOnce, alone }] of rates) {
      const results = [
        await rate(() => embed(server, texts)),
        await rate(() => embedByUsers(server, users)),
        await rate(() => embedByUsers(server, 1)),
      ] as const;
      // The first round warms up.
      if (round === 0) continue;
      together.push(results[0]);
      atOnce.push(results[1]);
      alone.push(results[2]);
    }
  }
  for (const [{ name }, { together, atOnce, alone }] of rates) {
    const [many, some, one] = [together, atOnce, alone].map((each) => median(each).toFixed(0));
    console.log(`${name.padEnd(13)} embeddings/s: ${many} in one request, ${some} by ${users} users, ${one} by one`);
  }
} finally {
  agent.destroy();
  await Promise.all(servers.map((server) => server.stop()));
}

/** Each user sends a text, and the next when it has the vector. */
async function embedByUsers(server: Server, count: number): Promise<void> {
  const waiting = texts.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const text of waiting) await embed(server, text);
    }),
  );
}

/** Embeddings per second. */
async function rate(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (count / (performance.now() - begin)) * 1000;
}

function embed({ name, port }: Server, input: string | readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const call = request(
      { port, host: "127.0.0.1", method: "POST", path: "/v1/embeddings", headers, agent },
      (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${name} answers ${response.statusCode}`));
        });
      },
    );
    call.on("error", reject);
    call.end(JSON.stringify({ input, encoding_format: "float" }));
  });
}
