import { z } from "zod";
import { numberOptions, type NumberOption } from "../number-options.ts";

/**
 * What frontends send: the proto's messages with plain enums, JSON where the proto has JSON text, and roles and content
 * as everybody writes them. Only shapes are checked here; the service checks values. Unknown fields are refused, since
 * a typed caller has none.
 */

const contentPart = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  /** A picture: a `data:` URL (toDataUrl makes one of a file), or an address that the service may fetch. */
  z.strictObject({ type: z.literal("image"), url: z.string(), detail: z.enum(["auto", "low", "high"]).optional() }),
  /** A sound, likewise. */
  z.strictObject({ type: z.literal("audio"), url: z.string() }),
]);

const toolCall = z.strictObject({ id: z.string(), name: z.string(), arguments: z.string() });

const message = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(contentPart)]).optional(),
  /** Assistant messages: the calls the model made, arguments as JSON text. */
  toolCalls: z.array(toolCall).optional(),
  /** Tool messages: the call that this answers. */
  toolCallId: z.string().optional(),
  /** Assistant messages: earlier reasoning. */
  reasoning: z.string().optional(),
  name: z.string().optional(),
});

/** JSON, or its text: JavaScript's numbers end at 17 digits, and its objects sort names like "10" to the front. */
const jsonSchema = z.union([z.record(z.string(), z.json()), z.string()]);

const tool = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  /** JSON Schema of the arguments object. */
  parameters: jsonSchema.optional(),
  strict: z.boolean().optional(),
});

const toolChoice = z.union([
  z.enum(["auto", "none", "required"]),
  z.strictObject({ name: z.string() }),
  /** The answer may, or must, call one of these; the model is shown all. */
  z.strictObject({ mode: z.enum(["auto", "required"]), allowed: z.array(z.string()) }),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("jsonObject") }),
  z.strictObject({
    type: z.literal("jsonSchema"),
    name: z.string().optional(),
    schema: z.union([z.boolean(), jsonSchema]),
    strict: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("gbnf"), grammar: z.string() }),
  z.strictObject({ type: z.literal("regex"), pattern: z.string() }),
  z.strictObject({ type: z.literal("choice"), options: z.array(z.string()) }),
]);

const logitBias = z.union([
  z.strictObject({ token: z.uint32(), bias: z.number() }),
  z.strictObject({ text: z.string(), bias: z.number() }),
]);

const truncation = z.strictObject({
  /** Unset: as many as the model takes. */
  maxTokens: z.uint32().optional(),
  side: z.enum(["left", "right"]).optional(),
});

/** A number's range and the server's default: told to whoever draws a form, and checked by the service. */
const ranged = <T extends z.ZodNumber>(schema: T, { min, max, fallback }: NumberOption) =>
  schema.optional().meta({ minimum: min, maximum: max, ...(fallback !== undefined && { default: fallback }) });

/**
 * tokenwire.v1.GenerationOptions, field by field: unset means the server's default. Ranges are in its JSON Schema, for
 * forms; a value beyond one is refused by the service.
 */
export const generationOptions = z.strictObject({
  maxTokens: ranged(z.uint32(), numberOptions.maxTokens),
  stop: z.array(z.string()).optional(),
  n: ranged(z.uint32(), numberOptions.n),
  topLogprobs: ranged(z.uint32(), numberOptions.topLogprobs),
  minTokens: ranged(z.uint32(), numberOptions.minTokens),
  ignoreEos: z.boolean().optional(),
  cachePrompt: z.boolean().optional(),
  interruptible: z.boolean().optional(),
  seed: ranged(z.uint32(), numberOptions.seed),
  temperature: ranged(z.number(), numberOptions.temperature),
  topP: ranged(z.number(), numberOptions.topP),
  topK: ranged(z.uint32(), numberOptions.topK),
  minP: ranged(z.number(), numberOptions.minP),
  typicalP: ranged(z.number(), numberOptions.typicalP),
  topNSigma: ranged(z.number(), numberOptions.topNSigma),
  presencePenalty: ranged(z.number(), numberOptions.presencePenalty),
  frequencyPenalty: ranged(z.number(), numberOptions.frequencyPenalty),
  repeatPenalty: ranged(z.number(), numberOptions.repeatPenalty),
  repeatLastN: ranged(z.int32(), numberOptions.repeatLastN),
  logitBias: z.array(logitBias).optional(),
  dynatempRange: ranged(z.number(), numberOptions.dynatempRange),
  dynatempExponent: ranged(z.number(), numberOptions.dynatempExponent),
  xtcProbability: ranged(z.number(), numberOptions.xtcProbability),
  xtcThreshold: ranged(z.number(), numberOptions.xtcThreshold),
  mirostat: ranged(z.uint32(), numberOptions.mirostat),
  mirostatTau: ranged(z.number(), numberOptions.mirostatTau),
  mirostatEta: ranged(z.number(), numberOptions.mirostatEta),
  dryMultiplier: ranged(z.number(), numberOptions.dryMultiplier),
  dryBase: ranged(z.number(), numberOptions.dryBase),
  dryAllowedLength: ranged(z.int32(), numberOptions.dryAllowedLength),
  dryPenaltyLastN: ranged(z.int32(), numberOptions.dryPenaltyLastN),
  drySequenceBreakers: z.array(z.string()).optional(),
  samplers: z.array(z.string()).optional(),
  stopTokenIds: z.array(z.uint32()).optional(),
  includeStop: z.boolean().optional(),
  keepSpecial: z.boolean().optional(),
  truncation: truncation.optional(),
  promptLogprobs: ranged(z.uint32(), numberOptions.promptLogprobs),
  slot: z.uint32().optional(),
  maxDecodeMs: z.uint32().optional(),
  reportProgress: z.boolean().optional(),
  /** How strongly LoRA adapters are applied; one that is not named is not applied at all. */
  adapters: z.strictObject({ scales: z.array(z.strictObject({ id: z.uint32(), scale: z.number() })) }).optional(),
});

export const chatInput = z.strictObject({
  /** Unset: the first configured model. */
  model: z.string().optional(),
  messages: z.array(message),
  tools: z.array(tool).optional(),
  toolChoice: toolChoice.optional(),
  parallelToolCalls: z.boolean().optional(),
  responseFormat: responseFormat.optional(),
  options: generationOptions.optional(),
  chatTemplateKwargs: z.record(z.string(), z.json()).optional(),
  chatTemplate: z.string().optional(),
  reasoning: z
    .strictObject({
      enabled: z.boolean().optional(),
      effort: z.string().optional(),
      budgetTokens: z.uint32().optional(),
    })
    .optional(),
  /** `continue`: the model goes on with the last message, an assistant's. */
  promptEnd: z.enum(["newTurn", "continue", "closed"]).optional(),
});

const textOrTokens = z.union([z.string(), z.array(z.uint32())]);

export const embedInput = z.strictObject({
  model: z.string().optional(),
  inputs: z.array(textOrTokens),
  dimensions: z.uint32().optional(),
  normalize: z.boolean().optional(),
  pooling: z.enum(["mean", "cls", "last"]).optional(),
  truncation: truncation.optional(),
});

export const modelInput = z.strictObject({ id: z.string() });

export const unloadInput = z.strictObject({
  id: z.string(),
  /** Ends the answers that run, instead of waiting for them. */
  force: z.boolean().optional(),
});

/** A GGUF file by its address, or by its repository on Hugging Face. */
export const pullInput = z.strictObject({
  source: z.union([z.strictObject({ url: z.string() }), z.strictObject({ repository: z.string() })]),
  /** With a repository: the file's name or a pattern; unset: the only one, or a usual quantization. */
  file: z.string().optional(),
  /** The new model's name; unset: the file's. */
  id: z.string().optional(),
  sha256: z.string().optional(),
});

export type PullInput = z.infer<typeof pullInput>;
export type ChatInput = z.infer<typeof chatInput>;
export type EmbedInput = z.infer<typeof embedInput>;
