import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gguf, load, problemsOf } from "./support.ts";

const file = (more: object) => ({ file: { models: [more] } });
const config = '{"chat_template": "{{ x }}"}';

describe("a model on the hub", () => {
  test("is named by a pattern, which is its alias too", () => {
    const { settings } = load(file({ hf_model_repo_id: "a/b", model: "*Q4_K_M.gguf", hf_cache_dir: "~/models" }));
    expect(settings.models).toMatchObject([
      {
        model: "*Q4_K_M.gguf",
        model_alias: "*Q4_K_M.gguf",
        hf_model_repo_id: "a/b",
        hf_cache_dir: join(homedir(), "models"),
      },
    ]);
  });

  test("by flags and variables too", () => {
    const { settings } = load({ flags: { hf_model_repo_id: "a/b", model: "x.gguf" }, env: { HF_CACHE_DIR: "m" } });
    expect(settings.models[0]).toMatchObject({ model: "x.gguf", hf_cache_dir: expect.stringMatching(/^\/.*\/m$/) });
  });

  test("whose repository is null is a file", () => {
    expect(problemsOf(file({ hf_model_repo_id: null, model: "*.gguf" }))).toEqual([
      "models[0].model FOLDER/*.gguf does not exist: check the path",
    ]);
  });

  test.each(["a/b/c", "../b", "a/..", "https://huggingface.co/a/b", "", "a--b/c"])("in no repository: %j", (repo) => {
    expect(problemsOf(file({ hf_model_repo_id: repo, model: "x" }))).toEqual([
      expect.stringMatching(/^models\[0\]\.hf_model_repo_id is .*: must be a repository such as /),
    ]);
  });
});

describe("another tokenizer", () => {
  test("is looked for beside the config file", () => {
    const { settings } = load(file({ model: gguf, hf_tokenizer_config_path: "t.json" }), (folder) =>
      writeFileSync(join(folder, "t.json"), config),
    );
    expect(settings.models[0]?.hf_tokenizer_config_path).toMatch(/^\/.*\/t\.json$/);
  });

  test("is a folder, or else a repository", () => {
    const named = (name: string) => file({ model: gguf, hf_pretrained_model_name_or_path: name });
    const prepare = (folder: string): void => {
      mkdirSync(join(folder, "a/b"), { recursive: true });
      writeFileSync(join(folder, "a/b/tokenizer_config.json"), config);
    };
    const chosen = load(named("a/b"), prepare).settings.models[0]?.hf_pretrained_model_name_or_path;
    expect(chosen).toMatch(/^\/.*\/a\/b$/);
    expect(load(named("a/c"), prepare).settings.models[0]?.hf_pretrained_model_name_or_path).toBe("a/c");
    expect(problemsOf(named("./a/c"), prepare)).toEqual([
      "models[0].hf_pretrained_model_name_or_path FOLDER/a/c does not exist: check the path",
    ]);
    expect(problemsOf(named("a"), prepare)).toEqual([
      "models[0].hf_pretrained_model_name_or_path FOLDER/a has no tokenizer_config.json",
    ]);
    expect(problemsOf(named("no repository"), prepare)).toEqual([
      "models[0].hf_pretrained_model_name_or_path is no repository, neither a folder nor a repository",
    ]);
  });

  test.each([
    ["{}", "has no chat_template"],
    ["[1]", "is not a JSON object"],
  ])("that is %s is refused", (text, fault) => {
    const settings = file({ model: gguf, hf_tokenizer_config_path: "t.json" });
    expect(problemsOf(settings, (folder) => writeFileSync(join(folder, "t.json"), text))).toEqual([
      `models[0].hf_tokenizer_config_path FOLDER/t.json ${fault}`,
    ]);
  });

  test.each([
    [
      { chat_format: "hf-tokenizer-config" },
      "chat_format is hf-tokenizer-config, which needs hf_tokenizer_config_path",
    ],
    [
      { chat_format: "hf-autotokenizer" },
      "chat_format is hf-autotokenizer, which needs hf_pretrained_model_name_or_path",
    ],
  ])("%j alone is refused", (more, problem) => {
    expect(problemsOf(file({ model: gguf, ...more }))).toEqual([`models[0].${problem}`]);
  });

  test("is beside a named format without effect", () => {
    const { warnings } = load(file({ model: gguf, chat_format: "vicuna", hf_pretrained_model_name_or_path: "a/b" }));
    expect(warnings).toEqual([
      "models[0].hf_pretrained_model_name_or_path has no effect: chat_format or chat_template takes precedence",
    ]);
  });
});
