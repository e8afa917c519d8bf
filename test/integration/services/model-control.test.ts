import { describe, expect, test } from "vitest";
import {
  type ChatResponse,
  createTokenwireClient,
  ErrorReason,
  ModelState,
  type TokenwireClient,
} from "../../../clients/index.ts";
import { type ModelSettings, modelSettingsSchema } from "../../../settings/settings.ts";
import { rejection } from "../../support/rpc.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { chat, startTestServices, textOf, type TestServices, until, watchUntil, workerPid } from "./support.ts";

const settings = (model_alias: string, more: object = {}): ModelSettings =>
  modelSettingsSchema.parse({ model: "fake.gguf", model_alias, n_slots: 2, ttl: undefined, ...more });
const answer = async (ctx: TestServices, script = "count:2", model = "a") =>
  textOf(await Array.fromAsync(ctx.client.inference.chat(chat(script, model))));
const isResident = ({ state }: { state: ModelState }) => state === ModelState.RESIDENT;

/** An answer while it comes. */
function read(answer: AsyncIterable<ChatResponse>) {
  const events: ChatResponse[] = [];
  const ended = (async () => {
    for await (const event of answer) events.push(event);
  })();
  // Who waits for it sees its error.
  ended.catch(() => {});
  return { text: () => textOf(events), ended };
}

describe("UnloadModel", () => {
  test("lets the running answer end, keeps newcomers for the next process, and then says that the model is gone", async () => {
    await using ctx = await startTestServices();
    const pid = workerPid(ctx);
    const running = read(ctx.client.inference.chat(chat("count:4 tokenMs:50")));
    await until(() => running.text() === "w1 ");
    const unloaded = ctx.client.models.unloadModel({ id: "a" });
    await watchUntil(ctx, ({ state }) => state === ModelState.UNLOADING);
    expect(workerPid(ctx)).toBe(pid);
    const newcomer = answer(ctx);
    await running.ended;
    expect(running.text()).toBe("w1 w2 w3 w4 ");
    await unloaded;
    expect(await newcomer).toBe("w1 w2 ");
    expect(workerPid(ctx)).not.toBe(pid);
  });

  test("goes on when its caller leaves", async () => {
    await using ctx = await startTestServices();
    const stop = new AbortController();
    const held = new AbortController();
    const running = answer(ctx).then(() =>
      Array.fromAsync(ctx.client.inference.chat(chat("count:2 hold:1"), { signal: held.signal })),
    );
    await watchUntil(ctx, ({ requests }) => requests?.running === 1);
    const unloading = ctx.client.models.unloadModel({ id: "a" }, { signal: stop.signal });
    await watchUntil(ctx, ({ state }) => state === ModelState.UNLOADING);
    stop.abort();
    await rejection(unloading);
    held.abort();
    await rejection(running);
    await watchUntil(ctx, ({ state }) => state === ModelState.UNLOADED);
  });

  test("with force ends the running answer with an error", async () => {
    await using ctx = await startTestServices();
    const running = read(ctx.client.inference.chat(chat("count:3 hold:2")));
    await until(() => running.text() === "w1 ");
    const { model } = await ctx.client.models.unloadModel({ id: "a", force: true });
    expect(model?.state).toBe(ModelState.UNLOADED);
    expect(await rejection(running.ended)).toMatchObject({ reason: ErrorReason.WORKER_LOST });
    expect(running.text()).toBe("w1 ");
    expect(ctx.services.pid("a")).toBeUndefined();
  });
});

describe("who may not manage models", () => {
  async function expectForbidden({ models }: TokenwireClient, why: RegExp): Promise<void> {
    const calls = [
      () => Array.fromAsync(models.loadModel({ id: "a" })),
      () => models.unloadModel({ id: "a" }),
      () => Array.fromAsync(models.pullModel({ source: { case: "url", value: "http://127.0.0.1:1/x.gguf" } })),
      () => models.deleteModel({ id: "a" }),
    ];
    for (const call of calls) {
      const message = expect.stringMatching(why);
      expect(await rejection(call())).toMatchObject({ reason: ErrorReason.PERMISSION_DENIED, message });
    }
    expect((await models.listModels({})).models[0]?.state).toBe(ModelState.RESIDENT);
  }

  test("is everybody where manage_models is false, with a key too", async () => {
    const metadata = { "x-api-key": "sesame" };
    await using ctx = await startTestServices({
      service: { manage_models: false },
      apiKeys: ["sesame"],
      client: { metadata },
    });
    await expectForbidden(ctx.client, /manage_models is false/);
    await expectForbidden(ctx.services.client, /manage_models is false/);
  });

  test("is who calls without a key a server that can be reached from elsewhere, but not this process", async () => {
    await using ctx = await startTestServices({ service: { grpc_host: "0.0.0.0" } });
    const client = createTokenwireClient(`127.0.0.1:${ctx.services.port}`);
    await expectForbidden(client, /set api_key, or manage_models to true/);
    client.close();
    const { model } = await ctx.services.client.models.unloadModel({ id: "a" });
    expect(model?.state).toBe(ModelState.UNLOADED);
  });

  test("is nobody where manage_models is true", async () => {
    await using ctx = await startTestServices({ service: { grpc_host: "0.0.0.0", manage_models: true } });
    const client = createTokenwireClient(`127.0.0.1:${ctx.services.port}`);
    expect((await client.models.unloadModel({ id: "a" })).model?.state).toBe(ModelState.UNLOADED);
    client.close();
  });
});

describe("a configuration that is read again", () => {
  test("brings the new models, and takes those away that it does not name, when they have finished what runs", async () => {
    await using ctx = await startTestServices();
    const running = answer(ctx, "count:4 tokenMs:50");
    await watchUntil(ctx, ({ requests }) => requests?.running === 1);
    ctx.services.configure({ models: [settings("b")], folderModel: {} });
    await watchUntil(ctx, isResident, "b");
    expect(await answer(ctx, "count:3", "b")).toBe("w1 w2 w3 ");
    expect(await rejection(answer(ctx))).toMatchObject({ reason: ErrorReason.MODEL_NOT_FOUND });
    expect(await running).toBe("w1 w2 w3 w4 ");
    const served = async () => (await ctx.client.models.listModels({})).models.map(({ id }) => id);
    await waitUntil("the old one has left", async () => (await served()).join() === "b");
  });

  test("keeps who waits for a model that is replaced while it loads, and tells who waits for one that is gone", async () => {
    await using ctx = await startTestServices({ models: { a: "slow.gguf", b: "slow.gguf" }, ttl: 60 });
    const kept = answer(ctx);
    const gone = rejection(answer(ctx, "count:2", "b"));
    await watchUntil(ctx, ({ state }) => state === ModelState.LOADING, "b");
    ctx.services.configure({ models: [settings("a", { n_slots: 5, ttl: 60 })], folderModel: {} });
    expect(await kept).toBe("w1 w2 ");
    expect((await ctx.client.models.getModel({ id: "a" })).model?.details?.slots).toBe(5);
    expect(await gone).toMatchObject({
      reason: ErrorReason.MODEL_NOT_FOUND,
      message: expect.stringContaining("is not served any more"),
    });
  });

  test("replaces a changed model when its answers have ended, and leaves the others alone", async () => {
    await using ctx = await startTestServices({ models: { a: "fake.gguf", b: "fake.gguf" } });
    const pids = [workerPid(ctx), workerPid(ctx, "b")];
    const running = answer(ctx, "count:4 tokenMs:50");
    await watchUntil(ctx, ({ requests }) => requests?.running === 1);
    ctx.services.configure({ models: [settings("a", { n_slots: 5 }), settings("b")], folderModel: {} });
    await watchUntil(ctx, ({ state }) => state === ModelState.UNLOADING);
    expect(await running).toBe("w1 w2 w3 w4 ");
    const [model] = (await watchUntil(ctx, isResident)).slice(-1);
    expect(model?.details?.slots).toBe(5);
    expect(workerPid(ctx)).not.toBe(pids[0]);
    expect(workerPid(ctx, "b")).toBe(pids[1]);
  });
});
