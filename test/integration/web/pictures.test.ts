import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChatRequest } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { hasBrowser, openPage, startBrowser } from "../../support/browser.ts";
import { dataUrl, mediaFile } from "../../support/media/media-file.ts";
import { aborted } from "../../support/rpc.ts";
import { chat, testShim } from "../shim/support.ts";
import { type FakeService, fakeService, say, tiny } from "./support.ts";

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(() => browser?.close());

const path = fileURLToPath(new URL("../../support/media/halves.png", import.meta.url));
const png = dataUrl("halves.png", "image/png");
const seeing = { ...tiny, details: { ...tiny.details, vision: true } };

function seeingService(): FakeService {
  return {
    ...fakeService(() => [chat.started(), chat.text("A flag."), chat.finished()]),
    listModels: () => ({ models: [seeing] }),
    async *watchModels(_, { signal }) {
      yield { model: seeing };
      await aborted(signal ?? new AbortController().signal);
    },
  };
}

/** Each part of the last message: its text, or its picture's URL. */
function partsOf(request: ChatRequest | undefined): (string | undefined)[] {
  return (request?.messages.at(-1)?.content ?? []).map(({ part }) => {
    if (part.case === "text") return part.value;
    return part.case === "image" && part.value.source.case === "url" ? part.value.source.value : undefined;
  });
}

/** Pastes, or drops, a picture as a reader does. The page's types are not known here, so this is a script for it. */
function give(page: Page, event: "paste" | "drop") {
  const bytes = JSON.stringify([...mediaFile("halves.png")]);
  const made =
    event === "paste"
      ? 'new ClipboardEvent("paste", { ...about, clipboardData: data })'
      : 'new DragEvent("drop", { ...about, dataTransfer: data })';
  return page.evaluate(`{
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${bytes})], "halves.png", { type: "image/png" }));
    const about = { bubbles: true, cancelable: true };
    document.querySelector(".composer textarea").dispatchEvent(${made});
  }`);
}

describe.skipIf(!hasBrowser)("pictures", () => {
  test("are chosen, pasted and dropped, taken out again, sent, and there after a reload", async () => {
    const service = seeingService();
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByRole("button", { name: "Attach pictures" }).waitFor();
    await page.locator("input[type=file]").setInputFiles(path);
    await page.getByRole("img", { name: "Picture 1" }).waitFor();
    await give(page, "paste");
    await page.getByRole("img", { name: "Picture 2" }).waitFor();
    await give(page, "drop");
    await page.getByRole("button", { name: "Remove picture 3" }).click();
    await say(page, "What is this?");
    await page.getByText("A flag.").waitFor();
    expect(partsOf(service.requests.at(-1))).toEqual([png, png, "What is this?"]);
    await page.reload();
    await page.getByText("A flag.").waitFor();
    expect(await page.getByRole("img", { name: /^Picture/ }).count()).toBe(2);
    expect(open.problems).toEqual([]);
  });

  test("need no text beside them", async () => {
    const service = seeingService();
    await using shim = await testShim(service);
    await using open = await openPage(browser, shim.url);
    const { page } = open;
    await page.getByRole("button", { name: "Attach pictures" }).waitFor();
    expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await page.locator("input[type=file]").setInputFiles(path);
    await page.getByRole("img", { name: "Picture 1" }).waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("A flag.").waitFor();
    expect(partsOf(service.requests.at(-1))).toEqual([png]);
  });

  test("are offered only where the model sees", async () => {
    await using shim = await testShim(fakeService(() => [chat.started(), chat.text("Text."), chat.finished()]));
    await using open = await openPage(browser, shim.url);
    await say(open.page, "Hello");
    await open.page.getByText("Text.").waitFor();
    expect(await open.page.getByRole("button", { name: "Attach pictures" }).count()).toBe(0);
  });
});
