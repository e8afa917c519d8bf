import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openPage, startBrowser } from "../support/browser.ts";
import { getWeather } from "./contract/example-tools.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

let browser: Browser;
let tokenwire: Tokenwire;
beforeAll(async () => {
  if (!hasBrowser) return;
  [browser, tokenwire] = await Promise.all([startBrowser(), startTokenwire()]);
});
afterAll(async () => {
  await browser?.close();
  await tokenwire?.[Symbol.asyncDispose]();
});

describe.skipIf(!hasBrowser)("the page of the whole product", () => {
  test("holds a conversation in which the model calls a tool", async () => {
    await using open = await openPage(browser, tokenwire.url);
    const { page } = open;
    await page.getByRole("button", { name: "Chat settings" }).click();
    await page.getByLabel("Temperature", { exact: true }).fill("0");
    await page.keyboard.press("Escape");
    const message = page.getByRole("textbox", { name: "Message", exact: true });
    await message.fill("What is the capital of Japan?");
    await page.keyboard.press("Enter");
    await page.getByText("The capital of Japan is Tokyo.").waitFor();
    await page.getByText(/8 tokens · [\d,.]+ tokens\/s · first token after .* · 15 prompt tokens/).waitFor();

    await page.getByRole("link", { name: "New chat" }).click();
    await page.getByRole("button", { name: "Chat settings" }).click();
    await page.getByLabel("Tool definitions (JSON)").fill(JSON.stringify([getWeather]));
    await page.getByLabel("Temperature", { exact: true }).fill("0");
    await page.keyboard.press("Escape");
    await message.fill("What is the weather in Paris?");
    await page.keyboard.press("Enter");
    await page.getByText("Calls get_weather").waitFor();
    expect(await page.getByLabel("Arguments").textContent()).toContain("Paris");
    expect(open.problems).toEqual([]);
  });

  test("unloads the model, and loads it again, as the page shows", async () => {
    await using open = await openPage(browser, `${tokenwire.url}/#/models`);
    const { page } = open;
    await page.getByText("Resident").waitFor();
    await page.getByText("In RAM").waitFor();
    await page.getByRole("button", { name: "Unload" }).click();
    await page.getByText("Not loaded").waitFor();
    expect(await tokenwire.workers()).toEqual([]);
    await page.getByRole("button", { name: "Load", exact: true }).click();
    await page.getByText("Resident").waitFor();
    expect(await tokenwire.workers()).toHaveLength(1);
  });
});
