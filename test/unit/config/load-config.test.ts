import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gguf, load, problemsOf } from "./support.ts";

const model = (more: object = {}) => ({ model: gguf, ...more });

describe("what is served", () => {
  test("without a config and a model, the embedded one", () => {
    const { settings, warnings } = load({});
    expect(settings).toMatchObject({ embedded: true, configFile: undefined });
    expect(settings.models).toMatchObject([{ model: gguf, model_alias: "tiny-guide", n_ctx: 1024, n_slots: 8 }]);
    expect(warnings).toEqual([]);
  });

  test("the embedded model takes flags and variables, too", () => {
    const { settings } = load({ flags: { n_slots: "2" }, env: { N_CTX: "512" } });
    expect(settings.models).toMatchObject([{ model_alias: "tiny-guide", n_ctx: 512, n_slots: 2 }]);
  });

  test("the config of the replaced server, with its defaults and ours", () => {
    const file = {
      host: "0.0.0.0",
      port: 20080,
      models: [
        model({ model_alias: "vicuna-13b", chat_format: "vicuna", n_gpu_layers: -1, n_ctx: 4096 }),
        model({ model_alias: "karakuri-8x7b", chat_format: "llama-2", n_gpu_layers: -1, n_ctx: 4096 }),
      ],
    };
    const { settings } = load({ file });
    expect(settings.embedded).toBe(false);
    expect(settings.shim).toMatchObject({ host: "0.0.0.0", port: 20080 });
    expect(settings.service).toMatchObject({ grpc_host: "127.0.0.1", grpc_port: 50051, unknown_model: "error" });
    expect(settings.models.map(({ model_alias }) => model_alias)).toEqual(["vicuna-13b", "karakuri-8x7b"]);
    expect(settings.models[0]).toMatchObject({ n_ctx: 4096, chat_format: "vicuna", use_mlock: false, n_batch: 512 });
  });

  test("a model without an alias is called as its path is written", () => {
    const { settings } = load({ flags: { model: "a.gguf" } }, (folder) => copyFileSync(gguf, join(folder, "a.gguf")));
    expect(settings.models[0]?.model_alias).toBe("a.gguf");
    expect(settings.models[0]?.model).toMatch(/^\/.*\/a\.gguf$/);
  });
});

describe("which source wins", () => {
  const file = { port: 1, grpc_port: 1, models: [model({ n_ctx: 1 }), model({ model_alias: "b" })] };

  test.each([
    [
      "for a model, the file over the environment, which fills what it leaves out",
      { file, env: { N_CTX: "2" } },
      "n_ctx",
      [1, 2],
    ],
    [
      "for a model without a file, the flag over the environment",
      { flags: { model: gguf, n_ctx: "3" }, env: { N_CTX: "2" } },
      "n_ctx",
      [3],
    ],
    ["variables have any case", { flags: { model: gguf }, env: { n_Ctx: "2" } }, "n_ctx", [2]],
    ["the model can come from the environment", { env: { MODEL: gguf, MODEL_ALIAS: "env" } }, "model_alias", ["env"]],
    ["the list of models, too", { env: { MODELS: JSON.stringify([model({ n_ctx: 7 })]) } }, "n_ctx", [7]],
    ["the file's list goes before that of the environment", { file, env: { MODELS: "[]" } }, "n_ctx", [1, 2048]],
    [
      "and that stands in for a missing one",
      { file: { port: 1 }, env: { MODELS: JSON.stringify([model()]) } },
      "n_ctx",
      [2048],
    ],
  ] as const)("%s", (_, sources, setting, values) => {
    expect(load(sources).settings.models.map((each) => each[setting])).toEqual(values);
  });

  test.each([
    ["PORT over the file", { file, env: { PORT: "2" } }, { port: 2, grpc_port: 1 }],
    ["a flag over PORT and the file", { file, env: { PORT: "2" }, flags: { port: "3" } }, { port: 3, grpc_port: 1 }],
    ["the file over other variables", { file, env: { GRPC_PORT: "2" } }, { port: 1, grpc_port: 1 }],
    ["a flag over the file", { file, flags: { grpc_port: "3" } }, { port: 1, grpc_port: 3 }],
    ["a variable over the default", { env: { GRPC_PORT: "2" } }, { port: 8000, grpc_port: 2 }],
  ] as const)("for the server: %s", (_, sources, expected) => {
    const { shim, service } = load(sources).settings;
    expect({ port: shim.port, grpc_port: service.grpc_port }).toEqual(expected);
  });

  test("CONFIG_FILE wins over --config_file, and says so", () => {
    const { settings, warnings } = load({ file, env: { CONFIG_FILE: "other.json" } }, (folder) =>
      writeFileSync(join(folder, "other.json"), JSON.stringify({ port: 9, models: [model()] })),
    );
    expect(settings.shim.port).toBe(9);
    expect(warnings).toEqual([
      "--config_file config.json is not read: environment variable CONFIG_FILE names other.json",
    ]);
  });

  test("an empty CONFIG_FILE is none", () => {
    expect(load({ file, env: { CONFIG_FILE: "" } }).settings.shim.port).toBe(1);
  });

  test("a variable that a flag overrides is named", () => {
    expect(load({ env: { PORT: "2" }, flags: { port: "3" } }).warnings).toEqual([
      "environment variable PORT (2) gives way to --port 3",
    ]);
  });
});

describe("relative paths", () => {
  test("start at the config file's folder, and for flags and variables at the working directory", () => {
    const prepare = (folder: string) => {
      mkdirSync(join(folder, "etc"));
      copyFileSync(gguf, join(folder, "etc/m.gguf"));
      writeFileSync(join(folder, "etc/t.jinja"), "{{ messages }}");
      writeFileSync(join(folder, "etc/c.yaml"), "models:\n  - model: m.gguf\n    chat_template: t.jinja\n");
    };
    const fromFile = load({ flags: { config_file: "etc/c.yaml" } }, prepare).settings;
    expect(fromFile.models[0]).toMatchObject({ model_alias: "m.gguf", chat_template: "{{ messages }}" });
    expect(fromFile.models[0]?.model).toMatch(/\/etc\/m\.gguf$/);
    const fromEnv = load({ env: { MODEL: "etc/m.gguf", CHAT_TEMPLATE: "etc/t.jinja" } }, prepare).settings;
    expect(fromEnv.models[0]).toMatchObject({ model_alias: "etc/m.gguf", chat_template: "{{ messages }}" });
  });

  test("a template that is written inline stays", () => {
    const { models } = load({ file: { models: [model({ chat_template: "{% if x %}{% endif %}" })] } }).settings;
    expect(models[0]?.chat_template).toBe("{% if x %}{% endif %}");
  });
});

test("what has no effect is accepted with a warning that says so", () => {
  const { warnings } = load({ file: { models: [model({ mul_mat_q: true, logits_all: false, lora_base: "x" })] } });
  expect(warnings).toHaveLength(3);
  expect(warnings).toContain("models[0].mul_mat_q has no effect: llama.cpp chooses its matrix kernels itself");
});

test("a projector has two names, one of which may be used", () => {
  const { settings } = load({ file: { models: [model({ mmproj: gguf })] } });
  expect(settings.models[0]?.clip_model_path).toBe(gguf);
  expect(settings.models[0]?.mmproj).toBeUndefined();
  expect(() => load({ file: { models: [model({ mmproj: gguf, clip_model_path: gguf })] } })).toThrow(
    "models[0].mmproj is another name of clip_model_path: keep one",
  );
});

test("a refused setting may say that it is off, and null is unset", () => {
  const off = { rpc_servers: null };
  const unset = { lora_path: null, type_k: null, chat_format: null, n_threads: null };
  const { settings, warnings } = load({
    file: { interrupt_requests: 0, api_key: null, models: [model({ ...off, ...unset })] },
  });
  expect(warnings).toEqual([]);
  expect(settings.models[0]).not.toHaveProperty("rpc_servers");
});

test("numbers and truth values may be texts, as in the replaced server", () => {
  const written = {
    n_ctx: "4096",
    rope_freq_base: "1e4",
    embedding: "yes",
    use_mmap: 0,
    tensor_split: ["0.5", 1],
    numa: "true",
  };
  expect(load({ file: { models: [model(written)] } }).settings.models[0]).toMatchObject({
    n_ctx: 4096,
    rope_freq_base: 10_000,
    embedding: true,
    use_mmap: false,
    tensor_split: [0.5, 1],
    numa: 1,
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
}

describe("a start that is refused", () => {
  const models = (...list: object[]) => ({ file: { models: list.map((each) => model(each)) } });

  test.each([
    [
      "an unknown key",
      { file: { prt: 1, models: [model()] } },
      "prt is not a setting (did you mean port?): correct or remove it; --help lists all of them",
    ],
    [
      "an unknown key of a model",
      models({ n_ctxs: 1 }),
      "models[0].n_ctxs is not a setting (did you mean n_ctx?): correct or remove it; --help lists all of them",
    ],
    [
      "a key of a model at the top",
      { file: { n_ctx: 1, models: [model()] } },
      "n_ctx is a setting of a model: move it into the items of models",
    ],
    [
      "a key of the server in a model",
      models({ port: 1 }),
      "models[0].port is a setting of the server: move it to the top of the file",
    ],
    [
      "a number out of range",
      models({}, { model_alias: "b", n_ctx: -1 }),
      "models[1].n_ctx is -1: must be a whole number from 0 to 2147483647",
    ],
    [
      "a number that is none",
      models({ n_ctx: "many" }),
      'models[0].n_ctx is "many": must be a whole number from 0 to 2147483647',
    ],
    ["a fraction", models({ n_batch: 1.5 }), "models[0].n_batch is 1.5: must be a whole number from 1 to 2147483647"],
    [
      "a word that is none of those",
      models({ chat_format: "vicunna" }),
      /^models\[0\]\.chat_format is "vicunna": must be one of .*, vicuna, .*\(did you mean vicuna\?\)$/,
    ],
    [
      "null where there is a default",
      models({ n_ctx: null }),
      "models[0].n_ctx is null: must be a whole number from 0 to 2147483647; leave it out for the default",
    ],
    [
      "an empty variable",
      { env: { N_CTX: "" } },
      "environment variable N_CTX is empty: must be a whole number from 0 to 2147483647",
    ],
    ["a wrong flag", { flags: { port: "http" } }, '--port is "http": must be a whole number from 0 to 65535'],
    [
      "a wrong root_path",
      { flags: { root_path: "llm/" } },
      '--root_path is "llm/": must be empty, or begin with / and not end with it, such as /llm',
    ],
    [
      "an override of no known type",
      models({ kv_overrides: ["a=number:1"] }),
      /^models\[0\]\.kv_overrides is \["a=number:1"\]: must be a list of texts such as /,
    ],
    [
      "a GPU twice",
      models({ gpus: [0, 0] }),
      "models[0].gpus is [0,0]: must be a list of different whole numbers from 0 to 15",
    ],
    [
      "a type llama.cpp has no kernels for",
      models({ type_k: 12 }),
      /^models\[0\]\.type_k is 12: must be one of f32 \(0\), /,
    ],
    [
      "what is not served",
      models({ rpc_servers: "x" }),
      "models[0].rpc_servers is not served: the native libraries have no RPC backend; use gpus and tensor_split on one host",
    ],
    [
      "what is not served, by variable",
      { env: { RPC_SERVERS: "x" } },
      /^environment variable RPC_SERVERS is not served: /,
    ],
    [
      "a ttl for what is to stay",
      models({ pin: true, ttl: 60 }),
      "models[0].ttl unloads a model that pin keeps in memory: remove one of the two",
    ],
    [
      "a ttl for all by variable, which one of them contradicts",
      { ...models({ pin: true }, { model_alias: "b" }), env: { TTL: "60" } },
      "environment variable TTL unloads a model that pin keeps in memory: remove one of the two",
    ],
    [
      "one alias twice",
      models({ model_alias: "a" }, { model_alias: "a" }),
      'models[1].model_alias "a" is the name of models[0] already: give each model a name of its own',
    ],
    [
      "no models",
      { file: { models: [] } },
      'config file FOLDER/config.json lists no models: add {"model": "PATH"} to models',
    ],
    [
      "a missing list of models",
      { file: {} },
      'config file FOLDER/config.json lists no models: add {"model": "PATH"} to models',
    ],
    ["models that are no list", { file: { models: {} } }, 'models is not a list: write [{"model": "PATH"}]'],
    [
      "a model that is not an object",
      { file: { models: ["x"] } },
      'models[0] is not an object: write {"model": "PATH"}',
    ],
    ["a model without a file", { file: { models: [{ n_ctx: 1 }] } }, "models[0].model is missing: name a GGUF file"],
    [
      "a model flag beside a list",
      { file: { models: [model()] }, flags: { n_ctx: "1" } },
      "--n_ctx is a setting of one model, and config file FOLDER/config.json lists the models: write n_ctx there instead",
    ],
    [
      "MODELS that is not JSON",
      { env: { MODELS: "x" } },
      /^environment variable MODELS is not a JSON list of models: /,
    ],
    [
      "a setting in MODELS",
      { env: { MODELS: JSON.stringify([model({ n_ctx: -1 })]) } },
      "MODELS[0].n_ctx is -1: must be a whole number from 0 to 2147483647",
    ],
    [
      "a missing config file",
      { flags: { config_file: "no.json" } },
      "config file FOLDER/no.json does not exist: check --config_file or CONFIG_FILE",
    ],
    ["a missing model", { flags: { model: "no.gguf" } }, "--model FOLDER/no.gguf does not exist: check the path"],
    [
      "a missing adapter",
      models({ lora_path: "no.gguf" }),
      "models[0].lora_path FOLDER/no.gguf does not exist: check the path",
    ],
    [
      "a missing certificate",
      { file: { ssl_certfile: "c.pem", models: [model()] } },
      "ssl_certfile FOLDER/c.pem does not exist: check the path",
    ],
    [
      "a missing template",
      models({ chat_template: "t.jinja" }),
      "models[0].chat_template FOLDER/t.jinja does not exist: check the path",
    ],
    [
      "a quantized V cache without flash attention",
      models({ type_v: "q8_0", flash_attn: false }),
      "models[0].type_v is quantized, which needs flash attention: set flash_attn to auto or true",
    ],
    [
      "row splitting of tensors without flash attention",
      models({ split_mode: "tensor", flash_attn: false }),
      "models[0].split_mode tensor needs flash attention: set flash_attn to auto or true",
    ],
    [
      "shares for GPUs that are not used",
      models({ gpus: [1], tensor_split: [1, 1] }),
      "models[0].tensor_split has 2 shares for the 1 GPUs of gpus: give one for each",
    ],
    [
      "shares that are all 0",
      models({ tensor_split: [0] }),
      "models[0].tensor_split gives every GPU nothing: remove it to split by free memory",
    ],
    [
      "a main GPU that is not used",
      models({ gpus: [1], main_gpu: 1 }),
      "models[0].main_gpu is 1, but gpus lists 1: it counts within gpus, from 0",
    ],
    [
      "more cells than can be counted",
      models({ n_ctx: 2147483647 }),
      /^models\[0\]\.n_ctx is 2147483647 for each of 8 slots/,
    ],
    [
      "two prompt formats",
      models({ chat_format: "vicuna", chat_template: "{{ x }}" }),
      "models[0].chat_template and chat_format both say how prompts are written: remove one",
    ],
  ] as const)("for %s", (_, sources, problem) => {
    const problems = problemsOf(sources);
    expect(problems).toEqual([expect.stringMatching(typeof problem === "string" ? exactly(problem) : problem)]);
  });

  test("names every problem at once, each once", () => {
    const problems = problemsOf({ ...models({ n_ctx: -1 }, { model_alias: "b" }), env: { N_BATCH: "0" } });
    expect(problems.toSorted()).toEqual([
      'environment variable N_BATCH is "0": must be a whole number from 1 to 2147483647',
      "models[0].n_ctx is -1: must be a whole number from 0 to 2147483647",
    ]);
  });

  test("for a value that is nested deeper than anything can print", () => {
    const deep = `{"models": [{"model": ${JSON.stringify(gguf)}, "n_ctx": ${"[".repeat(20_000)}${"]".repeat(20_000)}}]}`;
    expect(problemsOf({ file: deep })).toEqual([
      "models[0].n_ctx is nested too deeply: must be a whole number from 0 to 2147483647",
    ]);
  });

  test("does not show keys", () => {
    expect(problemsOf({ file: { api_key: ["secret", ""], models: [model()] } }).join()).not.toContain("secret");
  });

  test("tells those who come from the replaced server where their relative path has gone", () => {
    const [problem] = problemsOf({ flags: { config_file: "etc/c.json" } }, (folder) => {
      mkdirSync(join(folder, "etc"));
      copyFileSync(gguf, join(folder, "m.gguf"));
      writeFileSync(join(folder, "etc/c.json"), JSON.stringify({ models: [{ model: "m.gguf" }] }));
    });
    expect(problem).toBe(
      "models[0].model FOLDER/etc/m.gguf does not exist: check the path; relative paths start at the config file's folder: write FOLDER/m.gguf",
    );
  });
});
