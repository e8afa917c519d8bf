import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { ModelOrigin, ModelState, PullModelResponse_Stage } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { hasBrowser, openPage, startBrowser } from "../../support/browser.ts";
import { aborted } from "../../support/rpc.ts";
import { testShim } from "../shim/support.ts";
import { fakeService, tiny } from "./support.ts";

let browser: Browser;
beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});
afterAll(() => browser?.close());

describe.skipIf(!hasBrowser)("the models", () => {
  test("load with their progress, and unload", async () => {
    const asked: string[] = [];
    const loaded = Promise.withResolvers<void>();
    const unloaded = Promise.withResolvers<void>();
    const absent = { id: "tiny", state: ModelState.UNLOADED, memory: [{ device: "RAM", estimatedBytes: 9_000_000n }] };
    const removed = Promise.withResolvers<void>();
    const loadAsked = Promise.withResolvers<void>();
    await using shim = await testShim({
      ...fakeService(() => []),
      listModels: () => ({ models: [absent] }),
      async *watchModels(_, { signal = new AbortController().signal }) {
        yield { model: absent };
        await loadAsked.promise;
        yield { model: { id: "tiny", state: ModelState.LOADING, loadProgress: 0.42 } };
        await loaded.promise;
        yield { model: tiny };
        await unloaded.promise;
        yield { model: absent };
        yield { model: { id: "tiny-2", state: ModelState.UNLOADED } };
        await removed.promise;
        yield { model: { id: "tiny-2", state: ModelState.REMOVED } };
        await aborted(signal);
      },
      async *loadModel({ id }) {
        asked.push(`load ${id}`);
        loadAsked.resolve();
        await loaded.promise;
        yield { model: tiny };
      },
      unloadModel({ id, force }) {
        asked.push(`unload ${id} ${force}`);
        unloaded.resolve();
        return {};
      },
    });
    await using open = await openPage(browser, `${shim.url}/#/models`);
    const { page } = open;
    await page.getByText("about 9 MB").waitFor();
    await page.getByRole("button", { name: "Load", exact: true }).click();
    await page.getByText("42%").waitFor();
    loaded.resolve();
    await page.getByText("Resident").waitFor();
    await page.getByText("12 MB", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Unload" }).click();
    await page.getByText("Not loaded").first().waitFor();
    await page.getByRole("heading", { name: "tiny-2" }).waitFor();
    removed.resolve();
    await page.getByRole("heading", { name: "tiny-2" }).waitFor({ state: "detached" });
    expect(asked).toEqual(["load tiny", "unload tiny false"]);
    expect(open.problems).toEqual([]);
  });

  test("say in the server's words why they cannot be loaded", async () => {
    const failed = { id: "big", state: ModelState.UNLOADED };
    await using shim = await testShim({
      ...fakeService(() => []),
      listModels: () => ({ models: [failed] }),
      loadModel() {
        throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, "big needs 80 GB, and 16 GB are free");
      },
    });
    await using open = await openPage(browser, `${shim.url}/#/models`);
    await open.page.getByRole("button", { name: "Load", exact: true }).first().click();
    await open.page.getByText("big needs 80 GB, and 16 GB are free").waitFor();
  });

  test("are pulled with progress, and the pull stops when it is told to", async () => {
    const left = Promise.withResolvers<unknown>();
    const sources: unknown[] = [];
    await using shim = await testShim({
      ...fakeService(() => []),
      async *pullModel({ source, file }, { signal = new AbortController().signal }) {
        sources.push([source.value, file]);
        yield { stage: PullModelResponse_Stage.DOWNLOADING, receivedBytes: 1_000_000n, totalBytes: 4_000_000n };
        if (sources.length === 1) left.resolve(await aborted(signal));
        yield { stage: PullModelResponse_Stage.DONE, model: { ...tiny, id: "new", origin: ModelOrigin.PULLED } };
      },
    });
    await using open = await openPage(browser, `${shim.url}/#/models`);
    const { page } = open;
    await page.getByLabel("Hugging Face repository").fill("someone/new-GGUF");
    await page.getByLabel("File in the repository").fill("*Q4_0.gguf");
    await page.getByRole("button", { name: "Download" }).click();
    await page.getByText("Downloading someone/new-GGUF: 1 MB / 4 MB").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await left.promise;
    await page.getByRole("button", { name: "Download" }).click();
    await page.getByText("new is ready to be loaded.").waitFor();
    expect(sources).toEqual(Array.from({ length: 2 }, () => ["someone/new-GGUF", "*Q4_0.gguf"]));
  });
});
