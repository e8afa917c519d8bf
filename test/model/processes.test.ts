import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { APIError } from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorReason, Role } from "../../clients/index.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { isAlive, startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

const endless = {
  model: "tiny-guide",
  messages: [{ role: "user" as const, content: "Tell me a long story." }],
  max_tokens: 900,
  ignore_eos: true,
};
const hello = { model: "tiny-guide", messages: [{ role: "user" as const, content: "Hello!" }], temperature: 0 };

/** Its temporary directory is one of its own, so that what is left behind is seen. */
let temporary: string;
let tokenwire: Tokenwire;
let openai: OpenAI;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "tw-"));
});
afterEach(async () => {
  await tokenwire[Symbol.asyncDispose]();
  await rm(temporary, { recursive: true });
});

async function start(args: readonly string[] = []): Promise<void> {
  tokenwire = await startTokenwire({ args, env: { TMPDIR: temporary } });
  openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "None", maxRetries: 0 });
}

const answer = async (model = "tiny-guide"): Promise<string | null | undefined> =>
  (await openai.chat.completions.create({ ...hello, model })).choices[0]?.message.content;

describe("a client that leaves", () => {
  test("frees its slot, seen in /metrics", async () => {
    await start();
    const stream = await openai.chat.completions.create({ ...endless, stream: true });
    for await (const _ of stream) break;
    await waitUntil("the slot is free", async () => (await tokenwire.metric("tokenwire_slots_busy")) === 0);
    expect(await tokenwire.metric("tokenwire_completion_tokens_total")).toBeLessThan(900);
    expect(await answer()).toBe("Hello! How can I help you today?");
  });
});

describe("a worker that is killed", () => {
  test("ends its streams with an explicit error, and the next request is answered", async () => {
    await start();
    const stream = await openai.chat.completions.create({ ...endless, stream: true });
    const read = async (): Promise<number> => {
      let chunks = 0;
      for await (const _ of stream)
        if (++chunks === 5) for (const pid of await tokenwire.workers()) process.kill(pid, "SIGKILL");
      return chunks;
    };
    await expect(read()).rejects.toThrow(APIError);
    expect(await answer()).toBe("Hello! How can I help you today?");
    expect(await tokenwire.metric("tokenwire_worker_restarts_total")).toBe(1);
  });
});

describe("two models", () => {
  test("are both resident and answered by their names", async () => {
    const config = join(temporary, "config.json");
    const model = { model: tinyGuidePath, n_ctx: 512, n_slots: 2 };
    const models = [
      { ...model, model_alias: "vicuna-13b", chat_format: "vicuna", n_gpu_layers: -1 },
      { ...model, model_alias: "guide" },
    ];
    await writeFile(config, JSON.stringify({ models }));
    await start(["--config_file", config]);

    expect(await answer("guide")).toBe("Hello! How can I help you today?");
    expect(await answer("vicuna-13b")).toEqual(expect.any(String));
    expect(await tokenwire.workers()).toHaveLength(2);
    expect(await tokenwire.metric("tokenwire_model_resident")).toBe(2);
    const { stdout, stderr } = tokenwire.output();
    expect(stderr).toMatch(/model \\"vicuna-13b\\" loaded in .* on the CPU/);
    expect(stderr).toMatch(/model \\"guide\\" loaded in/);
    expect(stdout).toMatch(/vicuna-13b: .*on the CPU/);

    // The one that is configured first answers requests without a name; an unknown name gets the list.
    const unnamed = await fetch(`${tokenwire.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: hello.messages, max_tokens: 1 }),
    });
    expect(await unnamed.json()).toMatchObject({ model: "vicuna-13b" });
    await expect(answer("qwen")).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      message: expect.stringContaining('"qwen" is not configured (have: vicuna-13b, guide)'),
    });
  });
});

test("no text of a request is logged, whatever is wrong with it", async () => {
  await start(["--verbose", "true", "--log_level", "trace"]);
  const canary = "SECRETCANARY";
  const bodies = [
    { messages: [{ role: "user", content: canary.repeat(2000) }] },
    { grammar: `root ::= "${canary}" (((` },
    { grammar: `root ::= "a\n${canary} ::= ` },
    { grammar: `root ::= ${canary}` },
    { grammar: `root ::= "x"\n{"level":60,"msg":"${canary}"}` },
    { grammar: `root ::= root "${canary}"` },
    { stop: [canary, ""] },
    { tools: [{ type: "function", function: { name: "f", parameters: { type: canary } } }], tool_choice: "required" },
    { max_tokens: 5, stop: [canary], logit_bias: { [canary]: 1 } },
  ];
  for (const body of bodies) {
    const response = await fetch(`${tokenwire.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: canary }], ...body }),
    });
    expect(response.status).toBeLessThan(500);
    await response.text();
  }
  await tokenwire.stop();
  expect(tokenwire.output().stderr).not.toContain(canary);
});

describe("the end", () => {
  test("lets a running answer finish, and leaves nothing behind", async () => {
    await start();
    const workers = await tokenwire.workers();
    const stream = await openai.chat.completions.create({ ...endless, max_tokens: 300, stream: true });
    let chunks = 0;
    let reason: string | null | undefined;
    for await (const chunk of stream) {
      if (++chunks === 3) tokenwire.process.kill("SIGTERM");
      reason = chunk.choices[0]?.finish_reason ?? reason;
    }
    expect(reason).toBe("length");
    const [code] = tokenwire.process.exitCode === null ? await once(tokenwire.process, "exit") : [0];
    expect(code).toBe(0);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });

  test("is one when the signal comes twice, to the process and to its group", async () => {
    await start();
    const workers = await tokenwire.workers();
    const stream = await openai.chat.completions.create({ ...endless, max_tokens: 300, stream: true });
    let chunks = 0;
    let reason: string | null | undefined;
    for await (const chunk of stream) {
      if (++chunks === 3) for (const pid of [-pidOf(tokenwire), pidOf(tokenwire)]) process.kill(pid, "SIGTERM");
      reason = chunk.choices[0]?.finish_reason ?? reason;
    }
    expect(reason).toBe("length");
    expect(await tokenwire.ended()).toBe(0);
    expect(workers.filter(isAlive)).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });

  test("stops admission on every face at once, and has one grace for all of them", async () => {
    const graceMs = 2_000;
    await start(["--grace_seconds", String(graceMs / 1000), "--n_slots", "1"]);
    // Much more than is done within the grace, of either face.
    const prompt = Array.from({ length: 64 }, (_, i) => `Story ${i}`);
    const body = { model: "tiny-guide", prompt, max_tokens: 900, ignore_eos: true };
    const rest = openai.completions.create(body);
    const words = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: "Tell me a story." } }] }];
    const request = { messages: words, options: { maxTokens: 900, ignoreEos: true } };
    const calls = Array.from({ length: 32 }, () => Array.fromAsync(tokenwire.client.inference.chat(request)));
    const ends = Promise.allSettled([rest, ...calls]);
    await waitUntil("it is full", async () => (await tokenwire.metric("tokenwire_requests_waiting")) > 30);
    const signalledAt = performance.now();
    process.kill(-pidOf(tokenwire), "SIGINT");
    await waitUntil("it has heard", () => tokenwire.output().stderr.includes("SIGINT"));
    await expect(answer()).rejects.toThrow();
    await expect(tokenwire.client.models.listModels({})).rejects.toThrow();
    const errors = (await ends).flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
    expect(errors).toContainEqual(expect.objectContaining({ code: "shutting_down" }));
    expect(errors).toContainEqual(expect.objectContaining({ reason: ErrorReason.SHUTTING_DOWN }));
    expect(await tokenwire.ended()).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(2 * graceMs);
  });

  test("comes at once with a second signal", async () => {
    await start();
    const workers = await tokenwire.workers();
    const stream = await openai.chat.completions.create({ ...endless, stream: true });
    const reading = Array.fromAsync(stream);
    const signal = setInterval(() => tokenwire.process.kill("SIGINT"), 100);
    await expect(reading).rejects.toThrow();
    if (tokenwire.process.exitCode === null) await once(tokenwire.process, "exit");
    clearInterval(signal);
    expect(tokenwire.process.exitCode).toBe(130);
    await waitUntil("its workers are gone", () => !workers.some(isAlive));
  });

  test("of the front by SIGKILL ends its workers too, and their sockets", async () => {
    await start();
    const workers = await tokenwire.workers();
    await tokenwire.stop("SIGKILL");
    await waitUntil("its workers are gone", () => !workers.some(isAlive));
    expect(await readdir(temporary)).toEqual([]);
  });
});

test("a model that cannot be loaded stops the start with a sentence", async () => {
  const broken = join(temporary, "broken.gguf");
  await writeFile(broken, "GGUF, but no more than that");
  await expect(start(["--model", broken])).rejects.toThrow(/could not be loaded/);
  await start();
});

function pidOf({ process: { pid } }: Tokenwire): number {
  if (pid === undefined) throw new Error("it was not started");
  return pid;
}
