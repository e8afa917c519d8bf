import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { isAlive, startTokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

test("a model with a ttl gives its memory back when nobody uses it, and answers the next request all the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tw-"));
  const config = join(folder, "config.json");
  const model = { model: tinyGuidePath, n_ctx: 512, n_slots: 2 };
  const models = [
    { ...model, model_alias: "pinned", pin: true },
    { ...model, model_alias: "guest", ttl: 1 },
  ];
  await writeFile(config, JSON.stringify({ models }));
  await using tokenwire = await startTokenwire({ args: ["--config_file", config] });
  const openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "None", maxRetries: 0 });
  const ask = async (): Promise<string | null | undefined> => {
    const messages = [{ role: "user" as const, content: "Hello!" }];
    const answer = await openai.chat.completions.create({ model: "guest", messages, temperature: 0 });
    return answer.choices[0]?.message.content;
  };
  const states = async (): Promise<unknown> => {
    const { data } = await openai.models.list();
    return data.map((entry) => [entry.id, (entry as unknown as { status: { value: string } }).status.value]);
  };

  expect(tokenwire.output().stdout).toContain("guest: loaded by its first request, unloaded after 1 s without one");
  expect(await states()).toEqual([
    ["pinned", "loaded"],
    ["guest", "unloaded"],
  ]);
  const [pinned] = await tokenwire.workers();
  expect(await ask()).toBe("Hello! How can I help you today?");
  const guest = (await tokenwire.workers()).find((pid) => pid !== pinned) ?? 0;
  expect(await tokenwire.metric("tokenwire_model_resident")).toBe(2);

  await waitUntil("the guest is gone", () => !isAlive(guest));
  const told = () => tokenwire.output().stderr.includes('model \\"guest\\" unloaded: no request for 1 s');
  await waitUntil("the log says so", told);
  expect(tokenwire.output().stderr).toMatch(/unloaded: no request for 1 s \(\S+ MB of RAM free again\)/);
  expect(tokenwire.output().stderr).toMatch(
    /"guest\\" loaded in \S+ s \(\S+ [KM]B at \S+ [KMG]B\/s, takes \S+ MB of RAM\)/,
  );
  expect(await tokenwire.metric("tokenwire_model_resident")).toBe(1);
  expect(await states()).toEqual([
    ["pinned", "loaded"],
    ["guest", "unloaded"],
  ]);
  expect(await ask()).toBe("Hello! How can I help you today?");
  expect(await tokenwire.workers()).toContain(pinned);
  expect(await tokenwire.metric("tokenwire_worker_restarts_total")).toBe(0);
  await rm(folder, { recursive: true });
});
