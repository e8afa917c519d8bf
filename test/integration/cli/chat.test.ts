import { PassThrough, Readable } from "node:stream";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseChat, parseRun } from "../../../cli/chat/parse-chat.ts";
import { runChat } from "../../../cli/chat/run-chat.ts";
import { runOnce } from "../../../cli/chat/run-once.ts";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { StartError } from "../../../config/config-error.ts";
import type { ChatRequest } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { aborted, rejection, type RpcFixture, startRpc, textEvent } from "../../support/rpc.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { temporaryFolder } from "../../unit/config/support.ts";

const started = { event: { case: "started" as const, value: { model: "m" } } };
const finished = (reason: FinishReason = FinishReason.STOP) => ({
  event: { case: "finished" as const, value: { reason } },
});
const models = {
  listModels: async () => ({ models: [{ id: "m" }] }),
  getModel: async ({ id }: { id: string }) => {
    if (id !== "n") throw new RpcError(ErrorReason.MODEL_NOT_FOUND, `model "${id}" is not configured`);
    return { model: { id } };
  },
};

/** The texts of a request. */
function textsOf({ messages }: ChatRequest): string[] {
  return messages.flatMap(({ content }) => content.map(({ part }) => (part.case === "text" ? part.value : "")));
}

/** A chat with what a person types, and what the person sees. */
function startChat({ address }: RpcFixture, { tty = false, words = [] as string[] } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY: tty });
  const output = Object.assign(new PassThrough(), { isTTY: tty, columns: 80 });
  let seen = "";
  output.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  const command = parseChat([...words, "--address", address], {});
  const done = runChat(command, { input, output, onInterrupt: () => {}, env: { NO_COLOR: "1" } });
  return { input, done, seen: () => seen };
}

describe("tokenwire chat", () => {
  test("streams answers and sends the conversation with each message", async () => {
    const requests: string[][] = [];
    await using rpc = await startRpc(
      {
        async *chat(request) {
          requests.push([request.model, ...textsOf(request)]);
          yield started;
          yield textEvent(`answer ${requests.length}`);
          yield finished();
        },
      },
      { models },
    );
    const chat = startChat(rpc, { words: ["--system", "S"] });
    chat.input.end("one\ntwo\n/model n\n/clear\n/system T\nthree\n/exit\nnever\n");
    await chat.done;
    expect(requests).toEqual([
      ["m", "S", "one"],
      ["m", "S", "one", "answer 1", "two"],
      ["n", "T", "three"],
    ]);
    expect(chat.seen()).toMatch(/^answer 1\nanswer 2\nn answers\./);
  });

  test("Ctrl+C stops the running answer, keeps what came of it, and leaves when pressed again", async () => {
    const left = Promise.withResolvers<unknown>();
    await using rpc = await startRpc(
      {
        async *chat(_request, { signal }) {
          yield started;
          yield textEvent("half of");
          left.resolve(await aborted(signal));
        },
      },
      { models },
    );
    const chat = startChat(rpc, { tty: true });
    await waitUntil("a prompt", () => chat.seen().includes("> "));
    chat.input.write("hi\n");
    await waitUntil("an answer", () => chat.seen().includes("half of"));
    chat.input.write("\x03");
    expect(await left.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    await waitUntil("its end", () => /stopped\r?\n.*> /s.test(chat.seen()));
    chat.input.write("\x03");
    await chat.done;
  });

  test("goes on after a refusal, and forgets what was refused", async () => {
    const requests: string[][] = [];
    await using rpc = await startRpc(
      {
        async *chat(request) {
          requests.push(textsOf(request));
          if (requests.length === 1) throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, "too long");
          yield textEvent("fine");
          yield finished();
        },
      },
      { models },
    );
    const chat = startChat(rpc);
    chat.input.end("one\n/model nope\n/file /not/there\ntwo\n");
    await chat.done;
    expect(requests).toEqual([["one"], ["two"]]);
    expect(chat.seen()).toContain("too long (asked ");
    expect(chat.seen()).toContain('model "nope" is not configured');
    expect(chat.seen()).toContain("/not/there cannot be read: ");
    expect(chat.seen()).toMatch(/fine\n$/);
  });

  test("says what to do when there is no server", async () => {
    const input = new PassThrough();
    const command = parseChat(["--address", "127.0.0.1:1"], {});
    const error = await rejection(runChat(command, { input, output: input, onInterrupt: () => {}, env: {} }));
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^cannot reach 127\.0\.0\.1:1 \(connect ECONNREFUSED .*is a server running there\?/,
      ),
    });
  });
});

describe("tokenwire run", () => {
  async function run(rpc: RpcFixture, words: readonly string[], piped?: string | Buffer) {
    const written = { stdout: "", stderr: "" };
    const command = parseRun([...words, "--address", rpc.address], {});
    await runOnce(command, {
      stdin: piped === undefined ? undefined : Readable.from([Buffer.from(piped)]),
      stdout: { write: (text) => (written.stdout += text) },
      stderr: { write: (text) => (written.stderr += text) },
      signal: new AbortController().signal,
      env: {},
    });
    return written;
  }

  /** Answers with the last message. */
  const echo = (reason?: FinishReason) =>
    startRpc({
      async *chat(request) {
        yield started;
        yield { event: { case: "reasoning", value: { text: "Hm." } } };
        yield textEvent(textsOf(request).join("|"));
        yield finished(reason);
      },
    });

  test("writes the answer alone, with files and what is piped in after the prompt", async () => {
    await using rpc = await echo();
    using folder = temporaryFolder();
    const file = join(folder.path, "f.txt");
    writeFileSync(file, "from the file\n");
    expect(await run(rpc, ["m", "Sum up:", "--system", "S", "--file", file], "from stdin\n")).toEqual({
      stdout: "S|--- f.txt ---\nfrom the file\n--- end of f.txt ---\n\nSum up:\n\nfrom stdin\n",
      stderr: "",
    });
    expect((await run(rpc, ["m"], "all of it")).stdout).toBe("all of it\n");
  });

  test("--json has what scripts need", async () => {
    await using rpc = await echo();
    const { stdout } = await run(rpc, ["m", "hi", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ model: "m", text: "hi", reasoning: "Hm.", finish_reason: "stop" });
  });

  test("says on stderr that an answer is not whole", async () => {
    await using rpc = await echo(FinishReason.LENGTH);
    expect(await run(rpc, ["m", "hi"])).toEqual({
      stdout: "hi\n",
      stderr: "the answer was cut off: --max_tokens is reached\n",
    });
  });

  test("ends with a sentence and code 1 when it is refused", async () => {
    await using rpc = await startRpc({
      chat() {
        throw new RpcError(ErrorReason.MODEL_NOT_FOUND, 'model "x" is not configured (have: m)');
      },
    });
    expect(await rejection(run(rpc, ["x", "hi"]))).toMatchObject({
      exitCode: 1,
      message: `model "x" is not configured (have: m) (asked ${rpc.address})`,
    });
  });

  test("refuses anything but a prompt", async () => {
    await using rpc = await echo();
    expect(await rejection(run(rpc, ["m"]))).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/no prompt/),
    });
    expect(await rejection(run(rpc, ["m"], Buffer.from([0xff, 0xfe])))).toMatchObject({
      message: "stdin is not a text file (UTF-8): a prompt takes text only",
    });
  });
});
