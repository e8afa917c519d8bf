import { request } from "node:http";

export interface LoadOptions {
  readonly port: number;
  readonly model: string;
  readonly users: number;
  /** Requests each user makes, one after the other. */
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly vocabulary: number;
}

export interface LoadResult {
  readonly tokensPerSecond: number;
  readonly ttftMs: number;
  readonly itlMs: number;
}

/** Streams completions for some users at once, each sending its next request when the last one has ended. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { users, requests, promptTokens, completionTokens } = options;
  const firsts: number[] = [];
  const gaps: number[] = [];
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: users }, async () => {
      for (let i = 0; i < requests; i++) {
        const times = await streamOne(options);
        firsts.push(times.first);
        gaps.push(...times.gaps);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  return {
    tokensPerSecond: (users * requests * (promptTokens + completionTokens)) / seconds,
    ttftMs: median(firsts),
    itlMs: median(gaps),
  };
}

/** Each prompt is new, so that neither server can reuse a prefix. */
function streamOne(options: LoadOptions): Promise<{ first: number; gaps: number[] }> {
  const { port, model, promptTokens, completionTokens, vocabulary } = options;
  const prompt = Array.from({ length: promptTokens }, () => 1000 + Math.floor(Math.random() * (vocabulary - 2000)));
  const body = JSON.stringify({
    model,
    prompt,
    max_tokens: completionTokens,
    ignore_eos: true,
    temperature: 0.8,
    top_k: 40,
    stream: true,
    cache_prompt: false,
  });
  const sent = performance.now();
  return new Promise((resolve, reject) => {
    const call = request(
      {
        port,
        host: "127.0.0.1",
        method: "POST",
        // A connection of its own: llama-server closes kept ones just when they are used again.
        agent: false,
        path: "/v1/completions",
        headers: { "content-type": "application/json" },
      },
      (response) => {
        const times: number[] = [];
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          times.push(performance.now());
        });
        response.on("error", reject);
        response.on("end", () => {
          const [first = sent] = times;
          const done = response.statusCode === 200 && text.includes("data: [DONE]");
          if (!done) reject(new Error(`status ${response.statusCode}: ${text.slice(-300)}`));
          else resolve({ first: first - sent, gaps: times.slice(1).map((time, i) => time - (times[i] ?? time)) });
        });
      },
    );
    call.on("error", reject);
    call.end(body);
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
