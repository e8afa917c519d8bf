import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { ErrorReason } from "../../../../clients/errors.ts";
import { ChatRequestSchema, Role, ToolChoiceMode } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { type ResponseFormat, ResponseFormatSchema } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { compileGrammar } from "../../../../services/engine/grammar/program/compile-grammar.ts";
import { CompileThread } from "../../../../services/worker/compile/compile-thread.ts";
import { type Compiler, createCompiler } from "../../../../services/worker/compile/compiler.ts";
import { RecentResults } from "../../../../services/worker/compile/recent-results.ts";

const never = new AbortController().signal;
let compiler: Compiler | undefined;
afterEach(() => compiler?.close());

function start(options: ConstructorParameters<typeof CompileThread>[0] = {}): Compiler {
  return (compiler = createCompiler(new CompileThread(options)));
}

const schema = (schemaJson: string): ResponseFormat =>
  create(ResponseFormatSchema, { format: { case: "jsonSchema", value: { name: "x", schemaJson } } });

/** Takes a second or so. */
const hugeGrammar = `root ::= ${Array.from({ length: 100_000 }, (_, i) => `"${(i * 7919) % 100_003}" [a-z]`).join(" | ")}`;

describe("the thread that compiles", () => {
  test("compiles what is asked for, one after another, and refuses what is wrong in the same words", async () => {
    const compiling = start();
    const [program, answer] = await Promise.all([
      compiling.compile('root ::= "a"+'),
      compiling.response(schema('{"type":"integer"}'), never),
      expect(compiling.compile("root ::= x")).rejects.toThrow('line 1, column 10: rule "root" refers to "x"'),
      expect(compiling.response(schema('{"type":"none"}'), never)).rejects.toMatchObject({
        reason: ErrorReason.INVALID_PARAMETER,
        param: "response_format.json_schema.schema",
      }),
    ]);
    expect(program).toEqual(compileGrammar('root ::= "a"+'));
    expect(answer.grammar?.gbnf).toContain("root ::= ");
  });

  test("gives chats what the model's own templates ask for", async () => {
    const compiling = start();
    const template =
      "{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}";
    compiling.setPrompter({ templates: { "": template }, bosToken: "", eosToken: "", addsBos: false });
    const toolChoice = { choice: { case: "mode" as const, value: ToolChoiceMode.REQUIRED } };
    const request = create(ChatRequestSchema, { tools: [{ name: "time" }], toolChoice });
    expect((await compiling.chat(request, { reasoningOpen: false }, never)).grammar?.gbnf).toContain(
      String.raw`\"time\"`,
    );
  });

  describe("tries what a caller's template takes", () => {
    const options = { templates: { "": "{{ messages[0].content }}" }, bosToken: "", eosToken: "", addsBos: false };
    const asked = (chatTemplate: string) =>
      create(ChatRequestSchema, {
        messages: [{ role: Role.USER, content: [{ part: { case: "text", value: "Hi" } }] }],
        chatTemplate,
      });
    const tried = (chatTemplate: string, limits?: Parameters<typeof start>[0]) => {
      const compiling = start(limits);
      compiling.setPrompter(options);
      return compiling.tryPrompt(asked(chatTemplate), never);
    };

    test("and lets those through that write their prompt at once", async () => {
      await tried("{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}");
    });

    test("and refuses those that take long, as those that fail", async () => {
      const slow = "{% set l = range(100000) | list %}{% for i in range(300) %}{% set y = l | tojson %}{% endfor %}ok";
      const refused = { reason: ErrorReason.INVALID_PARAMETER, param: "chat_template" };
      await expect(tried(slow, { budgetMs: 60, lookMs: 5 })).rejects.toMatchObject(refused);
      await expect(tried("{{ messages")).rejects.toMatchObject(refused);
    });
  });

  test("gives up a task that takes more than its budget, and goes on with those behind it", async () => {
    const compiling = start({ budgetMs: 100, lookMs: 5 });
    const tasks = [compiling.compile(hugeGrammar), compiling.compile('root ::= "a"')];
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { reason: { message: "it is too large: to compile it takes more than 0.1 s" } },
      { status: "fulfilled" },
    ]);
  });

  test("leaves out what nobody waits for any more", async () => {
    const compiling = start();
    const [running, waiting] = [new AbortController(), new AbortController()];
    const tasks = [
      compiling.compile(hugeGrammar, running.signal),
      compiling.compile('root ::= "a"', waiting.signal),
      compiling.compile('root ::= "b"'),
    ];
    waiting.abort(new Error("left while waiting"));
    running.abort(new Error("left while running"));
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { reason: { message: "left while running" } },
      { reason: { message: "left while waiting" } },
      { status: "fulfilled" },
    ]);
  });

  test("refuses more than may wait, with a time to come again", async () => {
    const compiling = start({ maxWaiting: 1 });
    const tasks = ["a", "b", "c"].map((text) => compiling.compile(`root ::= "${text}"`));
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { status: "fulfilled" },
      { status: "fulfilled" },
      { reason: { reason: ErrorReason.OVERLOADED, retryAfterMs: expect.any(Number) } },
    ]);
  });
});

describe("recent results", () => {
  test("are made once, for all who ask at the same time and later", async () => {
    let made = 0;
    const results = new RecentResults<number>(() => 8);
    const make = async () => ++made;
    expect(await Promise.all([results.get("a", never, make), results.get("a", never, make)])).toEqual([1, 1]);
    expect([await results.get("a", never, make), await results.get("b", never, make)]).toEqual([1, 2]);
  });

  test("are given up when all who wait have left, and made anew for the next", async () => {
    const results = new RecentResults<string>(() => 8);
    const [first, second] = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<string>(() => {});
    };
    const waits = [results.get("a", first.signal, hang), results.get("a", second.signal, hang)];
    first.abort(new Error("one"));
    await expect(waits[0]).rejects.toThrow("one");
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    second.abort(new Error("two"));
    await expect(waits[1]).rejects.toThrow("two");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await results.get("a", never, async () => "made")).toBe("made");
  });

  test("that failed for the moment are not kept", async () => {
    const results = new RecentResults<string>(() => 8);
    await expect(results.get("a", never, () => Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
    expect(await results.get("a", never, async () => "made")).toBe("made");
  });

  test("make room for later ones", async () => {
    const results = new RecentResults<number>(() => 20 * 1024 * 1024);
    let made = 0;
    const ask = (key: string) => results.get(key, never, async () => ++made);
    expect([await ask("a"), await ask("b"), await ask("b"), await ask("a")]).toEqual([1, 2, 2, 3]);
  });
});
