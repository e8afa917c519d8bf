import { z } from "zod";
import { chatSettings } from "./model/chat-settings.ts";
import { contextSettings } from "./model/context-settings.ts";
import { fileSettings } from "./model/file-settings.ts";
import { gpuSettings, residencySettings } from "./model/gpu-settings.ts";
import { ropeSettings } from "./model/rope-settings.ts";
import { serviceSettings } from "./service-settings.ts";
import { honouredShape } from "./setting.ts";

/** The settings of one model in groups, as `--help` shows them. */
export const modelSettingGroups = {
  Model: fileSettings,
  Context: contextSettings,
  GPU: gpuSettings,
  "Chat and sampling": chatSettings,
  "RoPE and YaRN": ropeSettings,
  Residency: residencySettings,
};

/** Every setting of one model by its name in the config file, refused and meaningless ones included. */
export const modelSettings = {
  ...fileSettings,
  ...contextSettings,
  ...gpuSettings,
  ...chatSettings,
  ...ropeSettings,
  ...residencySettings,
};

/** One model as its worker gets it: what is honoured, under the names of the config file, with every default filled in. */
export const modelSettingsSchema = z.strictObject({
  ...honouredShape(modelSettings),
  /** Always there: the loader fills in `model` as the user wrote it. */
  model_alias: z.string().min(1),
});

/** The gRPC service's own settings. */
export const serviceSettingsSchema = z.strictObject(honouredShape(serviceSettings));

/**
 * Settings of one model. `model`, `lora_path` and those of `lora_adapters` are absolute paths of files that exist; `chat_template` is the
 * template's text; enums are llama.cpp's numbers.
 */
export type ModelSettings = Readonly<z.output<typeof modelSettingsSchema>>;
export type ServiceSettings = Readonly<z.output<typeof serviceSettingsSchema>>;
