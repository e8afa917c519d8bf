import { describe, expect, test } from "vitest";
import { parseArgs } from "../../../../cli/arguments/parse-args.ts";
import { ConfigError } from "../../../../config/config-error.ts";
import { createVocabulary } from "../../../../config/vocabulary.ts";

const vocabulary = createVocabulary();

function flagsOf(line: string): Record<string, string | readonly string[]> {
  const parsed = parseArgs(line === "" ? [] : line.split(" "), vocabulary);
  if (parsed.command !== "serve") throw new Error(`this is the command ${parsed.command}`);
  return Object.fromEntries([...parsed.flags].map(([name, { value }]) => [name, value]));
}

describe("flags", () => {
  test.each([
    ["", {}],
    ["serve", {}],
    ["--n_ctx 4096", { n_ctx: "4096" }],
    ["--n-ctx=4096", { n_ctx: "4096" }],
    ["--N-CTX 4096", { n_ctx: "4096" }],
    ["-m a.gguf -ngl 99 --alias a", { model: "a.gguf", n_gpu_layers: "99", model_alias: "a" }],
    ["serve --port 80 --grpc-port 81", { port: "80", grpc_port: "81" }],
    ["--n_gpu_layers -1 --port 80", { n_gpu_layers: "-1", port: "80" }],
    ["--config-file c.json", { config_file: "c.json" }],
    ["--api_key=-secret", { api_key: "-secret" }],
    ["--kv_overrides a=int:1 --port 80", { kv_overrides: "a=int:1", port: "80" }],
    ["--host=", { host: "" }],
    ["--gpus 0 1 --port 80", { gpus: ["0", "1"], port: "80" }],
    ["--gpus 0 --gpus 1", { gpus: ["0", "1"] }],
    ["--tensor_split .5 -1", { tensor_split: [".5", "-1"] }],
    ["--embedding --port 80", { embedding: "true", port: "80" }],
    ["--embedding false", { embedding: "false" }],
    ["--use-mmap no --flash_attn auto", { use_mmap: "no", flash_attn: "auto" }],
    ['--chat_template_kwargs {"a":1}', { chat_template_kwargs: '{"a":1}' }],
  ])("%j", (line, flags) => {
    expect(flagsOf(line)).toEqual(flags);
  });

  test("keep how they were written, for messages", () => {
    const parsed = parseArgs(["--n-ctx=1"], vocabulary);
    expect(parsed).toMatchObject({ flags: new Map([["n_ctx", { flag: "--n-ctx", value: "1" }]]) });
  });
});

describe("commands", () => {
  test.each([
    ["--help", { command: "help", topic: undefined }],
    ["-h", { command: "help", topic: undefined }],
    ["help", { command: "help", topic: undefined }],
    ["--port 80 --help", { command: "help", topic: undefined }],
    ["--prot 80 --help", { command: "help", topic: undefined }],
    ["migrate --help", { command: "help", topic: "migrate" }],
    ["help run", { command: "help", topic: "run" }],
    ["run m -h", { command: "help", topic: "run" }],
    ["run m -- -h", { command: "run", words: ["m", "--", "-h"] }],
    ["chat m --system x", { command: "chat", words: ["m", "--system", "x"] }],
    [
      "doctor c.json --json",
      { command: "doctor", json: true, flags: new Map([["config_file", { flag: "--config_file", value: "c.json" }]]) },
    ],
    ["completion bash", { command: "completion", shell: "bash" }],
    ["--version", { command: "version" }],
    ["-V", { command: "version" }],
    ["version", { command: "version" }],
    ["migrate old.json", { command: "migrate", file: "old.json", output: undefined }],
    ["migrate old.json new.json", { command: "migrate", file: "old.json", output: "new.json" }],
  ])("%j", (line, expected) => {
    expect(parseArgs(line.split(" "), vocabulary)).toEqual(expected);
  });
});

describe("refuses", () => {
  test.each([
    ["--prot 80", ["--prot is not a flag (did you mean --port?): --help lists all of them"]],
    [
      "--n_ctxs=1 --prot 80",
      [
        "--n_ctxs is not a flag (did you mean --n_ctx?): --help lists all of them",
        "--prot is not a flag (did you mean --port?): --help lists all of them",
      ],
    ],
    ["--port", ["--port needs a value (one that begins with - is written --port=VALUE)"]],
    ["--port --host x", ["--port needs a value (one that begins with - is written --port=VALUE)"]],
    ["--gpus --port 80", ["--gpus needs a value (one that begins with - is written --gpus=VALUE)"]],
    ["--n_ctx 1 --n-ctx 2", ["--n-ctx is given twice: keep one"]],
    ["--port 80 81", ['"81" is not a flag: flags begin with --, and lists follow theirs directly']],
    [
      "-x 80",
      [
        '"-x" is not a flag: flags begin with --, and lists follow theirs directly',
        '"80" is not a flag: flags begin with --, and lists follow theirs directly',
      ],
    ],
    [
      "migrat x",
      [
        '"migrat" is not a command (did you mean migrate?): use serve, service, shim, chat, run, bench, ps, models, show, load, unload, pull, rm, fit, doctor, build-multimodal, migrate, completion, help, version, or flags alone',
      ],
    ],
    [
      "-c 4096",
      ["-c is a flag of another server: use --n_ctx, which is for each request here, and not for all of them together"],
    ],
    [
      "--jinja --port 80 -hf a/b",
      [
        "--jinja is a flag of another server: leave it out: the model's own chat template is used",
        '-hf is a flag of another server: use --hf_model_repo_id OWNER/NAME --model "*Q4_K_M*.gguf"',
      ],
    ],
    ["-m a.gguf --model b.gguf", ["--model is given twice: keep one"]],
    [
      "Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0",
      [
        '"Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0" is not a command: to serve that repository, use --hf_model_repo_id Qwen/Qwen2.5-0.5B-Instruct-GGUF --model "*Q8_0*.gguf"',
      ],
    ],
    ["service", ["service is a program of its own: start it as tokenwire service"]],
    ["m.gguf", ['"m.gguf" is not a command: to serve that model, use --model m.gguf']],
    ["c.yaml", ['"c.yaml" is not a command: to serve that config, use --config_file c.yaml']],
    ["migrate", ["a word is missing: tokenwire migrate FILE [NEW_FILE]"]],
  ])("%j", (line, problems) => {
    expect(() => parseArgs(line.split(" "), vocabulary)).toThrow(new ConfigError(problems));
  });
});
