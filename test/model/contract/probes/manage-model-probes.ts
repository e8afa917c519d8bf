import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { tinyGuidePath } from "../../../support/tiny-guide.ts";
import { type ContractServer, chatPath } from "../contract-server.ts";
import { modelWithBos } from "../probed-server.ts";
import type { Probe, Probed } from "./probe.ts";

const loadPath = "/v1/models/load";
const unloadPath = "/v1/models/unload";
const downloadPath = "/v1/models";

async function done(server: ContractServer, path: string, body: object): Promise<void> {
  const response = await server.send(path, body);
  expect(await response.json()).toEqual({ success: true });
}

async function stateOf(server: ContractServer, id: string): Promise<string | undefined> {
  const models = (await server.models()) as unknown as { id: string; status: { value: string } }[];
  return models.find((model) => model.id === id)?.status.value;
}

/** What happens to a model from now on, until `event`. Call `next` for it. */
async function watch(server: ContractServer) {
  const leave = new AbortController();
  const response = await fetch(`${server.tokenwire.url}/models/sse`, { signal: leave.signal });
  const events = (response.body ?? new ReadableStream<Uint8Array>())
    .pipeThrough(new TextDecoderStream())
    [Symbol.asyncIterator]();
  let text = "";
  return {
    async until(model: string, event: string): Promise<unknown> {
      for (;;) {
        const lines = text.split("\n\n");
        for (const line of lines.slice(0, -1)) {
          const told = JSON.parse(line.replace("data: ", "")) as { model: string; event: string; data: unknown };
          if (told.model === model && told.event === event) return told.data;
        }
        const { value, done: ended = false } = await events.next();
        if (ended) throw new Error(`/models/sse ended before ${event} of ${model}: ${text}`);
        text += String(value);
      }
    },
    [Symbol.dispose]: () => leave.abort(),
  };
}

/** A server with one GGUF file, and the file's SHA-256. */
async function startFileServer() {
  const bytes = await readFile(tinyGuidePath);
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (name: string) => `http://127.0.0.1:${port}/${name}.gguf`,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    [Symbol.dispose]: () => void server.close(),
  };
}

const unknownModel = async (server: ContractServer, path: string) => {
  const refusal = await server.refusal(path, { model: "gpt-99" });
  expect(refusal).toMatchObject({ status: 404, param: "model" });
  expect(refusal.message).toContain("tiny-guide");
};

const download: readonly Probe[] = [
  {
    field: "model",
    seen: "the address of a GGUF file is downloaded and served under the file's name; DELETE removes it; what names nothing is refused",
    async run(server) {
      using files = await startFileServer();
      using events = await watch(server);
      const model = files.url("brought");
      await done(server, downloadPath, { model });
      expect(await events.until(model, "download_finished")).toEqual({ id: "brought" });
      expect(await stateOf(server, "brought")).toBe("unloaded");
      const remove = (name: string) =>
        fetch(`${server.tokenwire.url}/models?model=${name}`, { method: "DELETE" }).then(({ status }) => status);
      expect(await remove("brought")).toBe(200);
      expect(await stateOf(server, "brought")).toBeUndefined();
      expect(await Promise.all(["brought", "tiny-guide", ""].map(remove))).toEqual([404, 400, 400]);
      expect(await server.refusal(downloadPath, { model: "a/b/c" })).toMatchObject({ status: 400, param: "model" });
      expect(await server.refusal(downloadPath, {})).toMatchObject({ status: 400, param: "model" });
    },
  },
  {
    field: "sha256",
    seen: "a file with another sum is not served; what cannot be one is refused",
    async run(server) {
      using files = await startFileServer();
      using events = await watch(server);
      const wrong = files.url("wrong");
      await done(server, downloadPath, {
        model: wrong,
        sha256: files.sha256.replace(/^./, (one) => (one === "0" ? "1" : "0")),
      });
      expect(JSON.stringify(await events.until(wrong, "download_failed"))).toContain(files.sha256);
      expect(await stateOf(server, "wrong")).toBeUndefined();
      const refusal = await server.refusal(downloadPath, { model: wrong, sha256: "abc" });
      expect(refusal).toMatchObject({ status: 400, param: "sha256" });
    },
  },
];

const unload: readonly Probe[] = [
  {
    field: "model",
    seen: "it leaves memory, and its next request brings it back; another one is a 404 that lists the names",
    async run(server) {
      await done(server, unloadPath, { model: modelWithBos });
      expect(await stateOf(server, modelWithBos)).toBe("unloaded");
      await server.chat({ model: modelWithBos, messages: [{ role: "user", content: "Hello!" }], max_tokens: 1 });
      expect(await stateOf(server, modelWithBos)).toBe("loaded");
      await unknownModel(server, unloadPath);
    },
  },
  {
    field: "force",
    seen: "true: its running answers end with an error",
    async run(server) {
      await done(server, loadPath, { model: modelWithBos });
      const response = await fetch(server.tokenwire.url + chatPath, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: modelWithBos,
          messages: [{ role: "user", content: "Tell me a story." }],
          max_tokens: 8_000,
          ignore_eos: true,
          stream: true,
        }),
      });
      await done(server, unloadPath, { model: modelWithBos, force: true });
      const text = await response.text();
      expect(text).toContain('"error"');
      expect(text).not.toContain('"finish_reason":"length"');
    },
  },
];

/** The endpoints that make models come and go. They are probed last, as they unload models that others ask. */
export const manageModelsProbed: Readonly<Record<string, Probed>> = {
  [loadPath]: {
    request: { model: modelWithBos },
    withoutEffect: {},
    probes: [
      {
        field: "model",
        seen: "it is in memory when the answer comes; another one is a 404 that lists the names",
        async run(server) {
          await done(server, unloadPath, { model: modelWithBos });
          await done(server, loadPath, { model: modelWithBos });
          expect(await stateOf(server, modelWithBos)).toBe("loaded");
          await unknownModel(server, loadPath);
        },
      },
    ],
  },
  [unloadPath]: { request: { model: modelWithBos }, withoutEffect: {}, probes: unload },
  [downloadPath]: { request: { model: "owner/name" }, withoutEffect: {}, probes: download },
};
