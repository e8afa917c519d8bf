import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PromptEnd } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { hasBrowser, openPage, startBrowser } from "../../support/browser.ts";
import { aborted } from "../../support/rpc.ts";
import { chat, testShim } from "../shim/support.ts";
import { fakeService, say, textsOf } from "./support.ts";

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(() => browser?.close());

const answer = (text: string) => [chat.started(), chat.text(text), chat.finished()];

describe.skipIf(!hasBrowser)("a conversation", () => {
  test("streams Markdown with code, tells what it cost, and is still there after a reload", async () => {
    const [read, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const service = fakeService(async function* () {
      yield chat.started("tiny", 8);
      yield { event: { case: "progress", value: { processedTokens: 4 } } };
      await read.promise;
      yield chat.reasoning("They want code.");
      yield chat.text("Some **bold** code:\n\n```js\nconst a");
      await goOn.promise;
      yield chat.text(" = 1;\n```\n");
      yield chat.finished();
    });
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "Show me code");
    await page.getByText("Processing the prompt: 50% …").waitFor();
    read.resolve();
    await page.locator("strong", { hasText: "bold" }).waitFor();
    expect(await page.locator(".code-block code").textContent()).toContain("const a");
    goOn.resolve();
    await page.getByText("const a = 1;").waitFor();
    await page.getByText(/2 tokens · .*first token after \d+ ms · 7 prompt tokens \(3 cached\)/).waitFor();
    expect(await page.getByText("They want code.").isVisible()).toBe(false);
    await page.getByText("Reasoning", { exact: true }).click();
    expect(await page.getByText("They want code.").isVisible()).toBe(true);

    await page.reload();
    await page.getByText("const a = 1;").waitFor();
    await page.getByRole("link", { name: "New chat" }).click();
    await page.getByRole("link", { name: "Show me code" }).click();
    await page.getByText("const a = 1;").waitFor();
    expect(open.problems).toEqual([]);
  });

  test("stops, generates again, and keeps both versions", async () => {
    const ended = Promise.withResolvers<unknown>();
    let isFirst = true;
    const service = fakeService(async function* (_, signal) {
      yield chat.started();
      yield chat.text(isFirst ? "First" : "Second");
      if (isFirst) {
        isFirst = false;
        ended.resolve(await aborted(signal));
      }
      yield chat.finished();
    });
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "Hello");
    await page.getByText("First").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    await ended.promise;
    await page.getByRole("button", { name: "Regenerate" }).click();
    await page.getByText("Second").waitFor();
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("First").waitFor();
    expect(await page.getByText("Second").isVisible()).toBe(false);
    expect(textsOf(service.requests[1])).toEqual(["Hello"]);
  });

  test("goes on with an answer that was cut off", async () => {
    const service = fakeService(async function* ({ promptEnd }) {
      yield chat.started();
      yield chat.text(promptEnd === PromptEnd.CONTINUE ? " upon a time." : "Once");
      yield chat.finished(promptEnd === PromptEnd.CONTINUE ? FinishReason.STOP : FinishReason.LENGTH);
    });
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "Tell me a story");
    await page.getByText("Ended at the token limit").waitFor();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("Once upon a time.").waitFor();
    await page.getByRole("button", { name: "Continue" }).waitFor({ state: "detached" });
    expect(textsOf(service.requests[1])).toEqual(["Tell me a story", "Once"]);
    expect(open.problems).toEqual([]);
  });

  test("is renamed, and downloaded as Markdown and with all others as JSON", async () => {
    await using shim = await testShim(fakeService(() => answer("Hi **there**")));
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "Hello");
    await page.getByText("there").waitFor();
    await page.getByRole("link", { name: "Hello" }).hover();
    await page.getByRole("button", { name: "Rename “Hello”" }).click();
    await page.keyboard.type("Greetings: 1/2");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Hello" }).hover();
    await page.getByRole("button", { name: "Rename “Hello”" }).click();
    await page.keyboard.type("Greetings: 1/2");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Greetings: 1/2" }).hover();

    const [markdown] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download “Greetings: 1/2” as Markdown" }).click(),
    ]);
    expect(markdown.suggestedFilename()).toBe("Greetings 1 2.md");
    expect(await readFile(await markdown.path(), "utf8")).toBe(
      "# Greetings: 1/2\n\n## You\n\nHello\n\n## Assistant (tiny)\n\nHi **there**\n\n",
    );
    const [all] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export all (JSON)" }).click(),
    ]);
    expect(JSON.parse(await readFile(await all.path(), "utf8"))).toMatchObject({
      version: 1,
      conversations: [{ title: "Greetings: 1/2" }],
    });
    expect(open.problems).toEqual([]);
  });

  test("edits a message into a branch of its own", async () => {
    const service = fakeService((request) => answer(`You said ${textsOf(request).at(-1)}.`));
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "one");
    await page.getByText("You said one.").waitFor();
    await say(page, "two");
    await page.getByText("You said two.").waitFor();
    await page.getByRole("button", { name: "Edit" }).first().click();
    await page.locator(".message-edit textarea").fill("three");
    await page.locator(".message-edit").getByRole("button", { name: "Send" }).click();
    await page.getByText("You said three.").waitFor();
    expect(textsOf(service.requests[2])).toEqual(["three"]);
    expect(await page.getByText("You said two.").count()).toBe(0);
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("You said two.").waitFor();
  });

  test("shows a tool call, and sends the result that is entered", async () => {
    const service = fakeService((request) =>
      request.messages.length === 1
        ? [
            chat.started(),
            chat.call({ id: "call_1", name: "get_weather", arguments: '{"city":' }),
            chat.call({ arguments: '"Tokyo"}' }),
            chat.finished(FinishReason.TOOL_CALLS),
          ]
        : answer("It is sunny."),
    );
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByRole("button", { name: "Chat settings" }).click();
    const tools = page.getByLabel("Tool definitions (JSON)");
    await tools.fill("[{");
    await page.getByText("This is not valid JSON.").waitFor();
    await tools.fill(JSON.stringify([{ type: "function", function: { name: "get_weather", parameters: {} } }]));
    await page.keyboard.press("Escape");
    await say(page, "How is the weather?");
    await page.getByText("Calls get_weather").waitFor();
    expect(await page.getByLabel("Arguments").textContent()).toBe('{\n  "city": "Tokyo"\n}');
    await page.getByLabel("Result").fill("sunny");
    await page.getByRole("button", { name: "Send results" }).click();
    await page.getByText("It is sunny.").waitFor();
    expect(service.requests[0]?.tools.map(({ name }) => name)).toEqual(["get_weather"]);
    expect(service.requests[1]?.messages.map(({ toolCallId }) => toolCallId)).toEqual(["", "", "call_1"]);
    expect(service.requests[1]?.messages[1]?.toolCalls).toMatchObject([{ argumentsJson: '{"city":"Tokyo"}' }]);
  });

  test("asks as the settings say: system prompt, sampling, schema", async () => {
    const service = fakeService(() => answer("{}"));
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByRole("button", { name: "Chat settings" }).click();
    await page.getByLabel("System prompt").fill("Be brief.");
    await page.getByLabel("Temperature", { exact: true }).fill("3");
    await page.getByText("Must be from 0 to 2; this value is not used.").waitFor();
    await page.getByLabel("Temperature", { exact: true }).fill("0.5");
    await page.getByLabel("Stop texts").fill("END\n");
    await page.getByText("More sampling options").click();
    await page.getByLabel("Mirostat version").fill("2");
    await page.getByLabel("On", { exact: true }).check();
    await page.getByLabel("Maximum reasoning tokens").fill("64");
    await page.getByLabel("JSON Schema", { exact: true }).check();
    await page.getByLabel("JSON Schema of the answer").fill('{"type":"object"}');
    await page.keyboard.press("Escape");
    await say(page, "Hello");
    await page.getByText("tokens", { exact: false }).first().waitFor();
    const [request] = service.requests;
    expect(textsOf(request)).toEqual(["Be brief.", "Hello"]);
    expect(request?.options).toMatchObject({ temperature: 0.5, stop: ["END"], mirostat: 2 });
    expect(request?.reasoning).toMatchObject({ enabled: true, budgetTokens: 64 });
    expect(request?.responseFormat?.format).toMatchObject({
      case: "jsonSchema",
      value: { schemaJson: '{"type":"object"}' },
    });
  });

  test("lets nothing of an answer run or call elsewhere", async () => {
    const hostile =
      '<img src="https://evil.example/a" onerror="document.title=1"> <script>document.title=2</script>\n\n' +
      "![x](https://evil.example/b) [y](javascript:document.title=3) [z](https://good.example)";
    await using shim = await testShim(fakeService(() => answer(hostile)));
    await using open = await openPage(browser, shim.url);
    const { page, problems } = open;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    await say(page, "Hello");
    await page.getByRole("link", { name: "z", exact: true }).waitFor();
    expect(await page.locator(".markdown img, .markdown script, .markdown [onerror]").count()).toBe(0);
    expect(await page.getByText("y", { exact: true }).getAttribute("href")).toBeNull();
    expect(await page.getByRole("link", { name: "z", exact: true }).getAttribute("rel")).toBe("noopener noreferrer");
    expect(await page.title()).toBe("Tokenwire");
    expect(new Set(asked)).toEqual(new Set([shim.url]));
    expect(problems).toEqual([]);
  });
});
