import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { migrate } from "../../../../cli/migrate/migrate.ts";
import { loadConfig } from "../../../../config/load-config.ts";
import { createVocabulary } from "../../../../config/vocabulary.ts";
import { gguf, temporaryFolder } from "../../config/support.ts";

const vocabulary = createVocabulary();

interface Migrated {
  readonly text: string;
  readonly config: { readonly [name: string]: unknown; readonly models: readonly Record<string, unknown>[] };
}

function migrated(old: object, env: Record<string, string> = {}): Migrated {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "old.json"), JSON.stringify(old));
  const text = migrate({ file: "old.json", output: undefined }, { vocabulary, env, cwd: folder.path });
  return { text, config: JSON.parse(text.slice(text.indexOf("\n{\n"))) as Migrated["config"] };
}

/** What the text says about a setting, in one line. */
function about(text: string, setting: string): string {
  const start = text.indexOf(`  ${setting}`);
  if (start < 0) throw new Error(`nothing is said about ${setting} in ${text}`);
  const [first = "", ...rest] = text.slice(start).split("\n");
  const more = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith(" ".repeat(34))),
  );
  return [first, ...more]
    .map((line) => line.trim())
    .join(" ")
    .replace(/ {2,}/, " | ");
}

test("keeps what is the same, and writes out the defaults that made a difference", () => {
  const { config, text } = migrated({
    host: "0.0.0.0",
    port: 20080,
    models: [{ model: gguf, model_alias: "a", n_ctx: 4096 }],
  });
  expect(config).toEqual({
    host: "0.0.0.0",
    port: 20080,
    unknown_model: "default",
    cors_origins: ["*"],
    models: [{ model: gguf, model_alias: "a", n_ctx: 4096, n_gpu_layers: 0, use_mlock: true, flash_attn: false }],
  });
  expect(text).toContain("  the server: host, port\n");
  expect(about(text, "  n_ctx")).toContain("Each of the requests that run at once has so many tokens.");
  expect(about(text, "+ n_gpu_layers: 0")).toContain("By default it was 0, here it is -1.");
  expect(text).toContain("Requests that do not set repeat_penalty get 1 (off); there it was 1.1.");
});

test("names a file that is not there", () => {
  const missing = () => migrate({ file: "/nope.json", output: undefined }, { vocabulary, env: {}, cwd: "/" });
  expect(missing).toThrow("/nope.json does not exist: name the config file of llama_cpp.server to migrate");
});

test("says first what changes, and only names what stays", () => {
  const { text } = migrated({ port: 1, models: [{ model: gguf, n_gpu_layers: 5 }] });
  const [changes = "", rest = ""] = text.split("Stays as it is:");
  expect(changes).toContain("+ use_mlock: true");
  expect(changes).not.toContain("n_gpu_layers");
  expect(rest).toContain("models[0]: model, n_gpu_layers");
});

test("leaves to the environment what the environment says", () => {
  const { config } = migrated({ models: [{ model: gguf }] }, { USE_MLOCK: "0" });
  expect(config.models[0]).not.toHaveProperty("use_mlock");
  expect(config.models[0]).toHaveProperty("n_gpu_layers", 0);
});

describe("explains", () => {
  test.each([
    ["a refused setting", { rpc_servers: "x" }, '- rpc_servers: "x"', /It is not served/, { rpc_servers: undefined }],
    [
      "a refused setting that is off",
      { rpc_servers: null },
      "- rpc_servers: null",
      /Unset|Off/,
      { rpc_servers: undefined },
    ],
    ["a meaningless setting", { logits_all: true }, "- logits_all: true", /Has no effect: /, { logits_all: undefined }],
    ["a text for a number", { n_ctx: "512" }, "~ n_ctx: 512", /Context size/, { n_ctx: 512 }],
    [
      "a value that is not usable here",
      { n_threads: 0 },
      "- n_threads: 0",
      /Not usable: must be a whole number from 1/,
      { n_threads: undefined },
    ],
    ["a setting that is none", { n_ctxs: 1 }, "- n_ctxs: 1", /Neither that server nor this one/, { n_ctxs: undefined }],
    ["null", { type_k: null }, "- type_k: null", /Unset\.$/, { type_k: undefined }],
  ] as const)("%s", (_, settings, line, sentence, expected) => {
    const { config, text } = migrated({ models: [{ model: gguf, ...settings }] });
    expect(about(text, line)).toMatch(sentence);
    for (const [name, value] of Object.entries(expected)) expect(config.models[0]?.[name]).toEqual(value);
  });
});

test("does not show keys in the explanation, and keeps them", () => {
  const { config, text } = migrated({ api_key: "sesame", models: [{ model: gguf }] });
  expect(config["api_key"]).toEqual(["sesame"]);
  expect(text.slice(0, text.indexOf("\n{\n"))).not.toContain("sesame");
});

test("gives models of one name names of their own; the last keeps it, as there", () => {
  const { config } = migrated({
    models: [
      { model: gguf, model_alias: "a" },
      { model: gguf, model_alias: "a" },
    ],
  });
  expect(config.models.map((model) => model["model_alias"])).toEqual(["a-0", "a"]);
});

test("writes the new config, whose relative paths still mean the same files, and which is served", () => {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  copyFileSync(gguf, at("m.gguf"));
  writeFileSync(at("old.yaml"), "models:\n  - model: m.gguf\n    draft_model: prompt-lookup-decoding\n");
  using target = temporaryFolder();
  const output = join(target.path, "new.json");
  const text = migrate({ file: at("old.yaml"), output }, { vocabulary, env: {}, cwd: folder.path });
  expect(text).toContain(`A config that does the same here is in ${output}.`);
  expect(JSON.parse(readFileSync(output, "utf8"))).toMatchObject({
    // The word is no path, and so stays.
    models: [{ model: at("m.gguf"), model_alias: "m.gguf", draft_model: "prompt-lookup-decoding" }],
  });

  const flags = new Map([["config_file", { flag: "--config_file", value: output }]]);
  const { settings, warnings } = loadConfig({ flags, env: {}, cwd: "/" });
  expect(settings.models[0]).toMatchObject({ model: at("m.gguf"), model_alias: "m.gguf", n_gpu_layers: 0 });
  expect(warnings).toEqual([]);
  expect(() => migrate({ file: at("old.yaml"), output }, { vocabulary, env: {}, cwd: "/" })).toThrow(
    `${output} exists already: name a new file`,
  );
});

test("refuses a config without models", () => {
  expect(() => migrated({ models: [] })).toThrow("lists no models: there is nothing to migrate");
});
