import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { format, resolveConfig } from "prettier";
import { describe, expect, test } from "vitest";
import { settingsPage } from "../../../cli/settings-page.ts";
import { configJsonSchema } from "../../../config/config-json-schema.ts";
import { coerce } from "../../../config/values/coerce.ts";
import { packageRoot } from "../../../config/config.ts";
import { createVocabulary } from "../../../config/vocabulary.ts";
import { modelSettings, modelSettingsSchema, serviceSettingsSchema } from "../../../settings/settings.ts";
import { serviceSettings } from "../../../settings/service-settings.ts";
import { gguf } from "./support.ts";

const vocabulary = createVocabulary();

/** Every option of llama_cpp.server 0.3.35 but config_file, which is not a setting. */
const replaced =
  `model model_alias n_gpu_layers split_mode main_gpu tensor_split vocab_only use_mmap use_mlock kv_overrides
  rpc_servers seed n_ctx n_batch n_ubatch n_threads n_threads_batch rope_scaling_type rope_freq_base rope_freq_scale
  yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow yarn_orig_ctx mul_mat_q logits_all embedding offload_kqv
  flash_attn last_n_tokens_size lora_base lora_path numa chat_format chat_template_kwargs clip_model_path cache cache_type
  cache_size hf_tokenizer_config_path hf_pretrained_model_name_or_path hf_model_repo_id draft_model
  draft_model_num_pred_tokens type_k type_v verbose host port ssl_keyfile ssl_certfile api_key interrupt_requests
  disable_ping_events root_path`.split(/\s+/);

test.each(replaced)("%s is a setting here too", (name) => {
  expect(vocabulary.has(name)).toBe(true);
});

describe("each row", () => {
  const rows = Object.entries({ ...modelSettings, ...serviceSettings });

  test.each(rows)("%s says what it is, and why when it is not honoured", (_, setting) => {
    expect(setting.schema.description).toMatch(/^[A-Z].*\.$/);
    expect(setting.because === undefined).toBe(setting.disposition === "honoured");
  });

  test.each(rows)("%s takes its own default, and what it makes of it", (_, setting) => {
    const first = coerce(setting.schema, undefined);
    if (!first.ok) return;
    expect(coerce(setting.schema, first.value)).toMatchObject({ ok: true, value: first.value });
  });
});

test("parsing parsed settings changes nothing, so that they may travel to a worker", () => {
  const written = {
    model: gguf,
    model_alias: "a",
    type_k: "q8_0",
    split_mode: "row",
    numa: true,
    seed: -1,
    kv_overrides: null,
  };
  const parsed = modelSettingsSchema.parse(written);
  expect(parsed).toMatchObject({ type_k: 8, split_mode: 2, numa: 1, seed: 4294967295 });
  expect(modelSettingsSchema.parse(structuredClone(parsed))).toEqual(parsed);
});

test("parsed settings hold the honoured ones alone", () => {
  const shape = { ...modelSettingsSchema.shape, ...serviceSettingsSchema.shape };
  for (const [name, { disposition }] of Object.entries({ ...modelSettings, ...serviceSettings }))
    expect({ name, is: name in shape }).toEqual({ name, is: disposition === "honoured" });
});

test("docs/settings.md is what the rows say: else run npm run schema", async () => {
  const page = join(packageRoot, "docs/settings.md");
  const options = await resolveConfig(page);
  expect(readFileSync(page, "utf8")).toBe(await format(settingsPage(vocabulary), { ...options, parser: "markdown" }));
});

describe("the JSON Schema", () => {
  const schema = configJsonSchema(vocabulary);
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

  test("is what docs/config.schema.json says: else run npm run schema", () => {
    expect(JSON.parse(readFileSync(join(packageRoot, "docs/config.schema.json"), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(schema)),
    );
  });

  test.each([
    { models: [{ model: "a.gguf" }] },
    {
      $schema: "./config.schema.json",
      host: "0.0.0.0",
      port: 20080,
      api_key: "one",
      models: [{ model: "a.gguf", chat_format: "vicuna", n_gpu_layers: -1 }],
    },
    {
      api_key: ["one", "two"],
      cors_origins: ["*"],
      models: [{ model: "a", type_k: "q8_0", type_v: 8, numa: true, cache: false, lora_path: null }],
    },
  ])("takes %j", (config) => {
    validate(config);
    expect(validate.errors).toBeNull();
  });

  test.each([
    {},
    { models: [] },
    { models: [{}] },
    { models: [{ model: "a", n_ctxs: 1 }] },
    { n_ctx: 1, models: [{ model: "a" }] },
    { models: [{ model: "a", n_ctx: -1 }] },
    { models: [{ model: "a", rpc_servers: "x" }] },
    { models: [{ model: "a", clip_model_path: "" }] },
    { interrupt_requests: "sometimes", models: [{ model: "a" }] },
  ])("refuses %j", (config) => {
    expect(validate(config)).toBe(false);
  });
});
