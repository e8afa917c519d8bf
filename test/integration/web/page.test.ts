import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openPage, startBrowser } from "../../support/browser.ts";
import { aborted } from "../../support/rpc.ts";
import { chat, testShim } from "../shim/support.ts";
import { fakeService, say } from "./support.ts";

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(() => browser?.close());

const greeting = () => fakeService(() => [chat.started(), chat.text("Hi there."), chat.finished()]);

describe.skipIf(!hasBrowser)("the page", () => {
  test("asks for a key, says that one is wrong, and goes on with the right one", async () => {
    await using shim = await testShim(greeting(), { api_key: ["right"] });
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByLabel("Key", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Use key" }).click();
    await page.getByText("The server does not accept this key.").waitFor();
    await page.getByLabel("Key", { exact: true }).fill("鍵");
    await page.getByRole("button", { name: "Use key" }).click();
    await page.getByText("A key consists of letters").waitFor();
    await page.getByLabel("Key", { exact: true }).fill("right");
    await page.getByRole("button", { name: "Use key" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await say(page, "Hello");
    await page.getByText("Hi there.").waitFor();
    await page.reload();
    await say(page, "Hello again");
    await page.getByText("Hi there.").nth(1).waitFor();
  });

  test("keeps what had arrived when the server goes away, and goes on when it is back", async () => {
    const service = fakeService(async function* (request, signal) {
      yield chat.started();
      yield chat.text("Half of");
      if (service.requests.indexOf(request) === 0) await aborted(signal);
      yield chat.text(" an answer");
      yield chat.finished();
    });
    const shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await say(page, "Hello");
    await page.getByText("Half of").waitFor();
    await shim.close(0);
    await page.getByRole("alert").waitFor();
    expect(await page.getByText("Half of").isVisible()).toBe(true);
    await page.getByText("The server cannot be reached. Trying again …").waitFor();
    await using _again = await testShim(service, { port: Number(new URL(shim.url).port) });
    await page.getByText("The server cannot be reached.").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Half of an answer").waitFor();
  });

  test("works below a root path", async () => {
    await using shim = await testShim(greeting(), { root_path: "/llm" });
    await using open = await openPage(browser, `${shim.url}/llm`);
    expect(open.page.url()).toBe(`${shim.url}/llm/`);
    await say(open.page, "Hello");
    await open.page.getByText("Hi there.").waitFor();
    const document = open.page.waitForResponse(`${shim.url}/llm/openapi.json`);
    await open.page.getByRole("link", { name: "API" }).click();
    expect((await document).status()).toBe(200);
    expect(open.problems).toEqual([]);
  });

  // Swagger UI takes a second of computing for the document, which is many where others compute too.
  test("tries a route of the API with its example and the key of the chat", { timeout: 90_000 }, async () => {
    await using shim = await testShim(greeting(), { api_key: ["right"] });
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByLabel("Key", { exact: true }).fill("right");
    await page.getByRole("button", { name: "Use key" }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    open.problems.length = 0;
    await page.getByRole("link", { name: "API" }).click();
    await page.locator("#operations-Chat-createChatCompletion .opblock-summary-control").click({ timeout: 60_000 });
    await page.getByRole("button", { name: "Execute" }).click();
    await page.locator(".live-responses-table").getByText('"content": "Hi there."').waitFor();
    expect(open.problems).toEqual([]);
  });

  test("speaks Japanese on a phone, where nothing is cut off", async () => {
    await using shim = await testShim(greeting());
    const phone = { locale: "ja-JP", viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true };
    await using open = await openPage(browser, shim.url, phone);
    const { page } = open;
    expect(await page.locator("html").getAttribute("lang")).toBe("ja");
    await page.getByLabel("メッセージ").fill("こんにちは");
    await page.getByLabel("送信").click();
    await page.getByText("Hi there.").waitFor();
    await expectNoOverflow(page);
    await page.getByLabel("会話の一覧を表示").click();
    await page.getByRole("link", { name: "こんにちは" }).waitFor();
    await page.getByRole("link", { name: "こんにちは" }).click();
    await page.getByRole("button", { name: "チャットの設定" }).click();
    await page.getByText("システムプロンプト").waitFor();
    await expectNoOverflow(page);
    await page.getByLabel("閉じる").click();
    await page.getByRole("link", { name: "モデル", exact: true }).click();
    await page.getByText("読み込み済み").waitFor();
    await expectNoOverflow(page);
    await page.getByLabel("言語").selectOption("en");
    await page.getByText("Resident").waitFor();
  });

  test("shows what runs and what waits", async () => {
    await using shim = await testShim(greeting());
    await using open = await openPage(browser, `${shim.url}/#/requests`);
    await open.page.getByRole("row", { name: "tiny 1 2 1 / 8 1,234" }).waitFor();
  });

  test.each(["light", "dark"] as const)("passes the accessibility check in %s colours", async (colorScheme) => {
    const service = fakeService(() => [
      chat.started(),
      chat.reasoning("Hm."),
      chat.text("# A title\n\nSome `code`:\n\n```js\nconst a = 1; // one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
      chat.call({ id: "call_1", name: "get_weather", arguments: "{}" }),
      chat.finished(),
    ]);
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url, { colorScheme });
    const { page } = open;
    await page.getByRole("heading", { name: "What would you like to know?" }).waitFor();
    await expectAccessible(page, "an empty chat");
    await say(page, "Hello");
    await page.getByText("Calls get_weather").waitFor();
    await page.getByRole("button", { name: "Regenerate" }).waitFor();
    await expectAccessible(page, "a conversation");
    await page.getByRole("button", { name: "Chat settings" }).click();
    await page.getByText("More sampling options").click();
    await expectAccessible(page, "the settings");
    await page.keyboard.press("Escape");
    for (const name of ["Models", "Requests"]) {
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { name, exact: true }).waitFor();
      await expectAccessible(page, name);
    }
  });
});

async function expectNoOverflow(page: Page): Promise<void> {
  // As texts, since these tests are compiled for Node.
  const content = await page.evaluate<number>("document.documentElement.scrollWidth");
  expect(content).toBeLessThanOrEqual(await page.evaluate<number>("innerWidth"));
}

async function expectAccessible(page: Page, what: string): Promise<void> {
  // Injected by the debugger, since the page's policy allows no script but its own.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
  expect(found, what).toEqual([]);
}
