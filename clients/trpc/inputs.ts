import { z } from "zod";

/**
 * What frontends send: the proto's messages with plain enums, JSON where the proto has JSON text, and roles and content
 * as everybody writes them. Only shapes are checked here; the service checks values. Unknown fields are refused, since
 * a typed caller has none.
 */

const contentPart = z.strictObject({ type: z.literal("text"), text: z.string() });

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
]);

const logitBias = z.union([
  z.strictObject({ token: z.uint32(), bias: z.number() }),
  z.strictObject({ text: z.string(), bias: z.number() }),
]);

/** tokenwire.v1.GenerationOptions, field by field: unset means the server's default. */
export const generationOptions = z.strictObject({
  maxTokens: z.uint32().optional(),
  stop: z.array(z.string()).optional(),
  n: z.uint32().optional(),
  topLogprobs: z.uint32().optional(),
  minTokens: z.uint32().optional(),
  ignoreEos: z.boolean().optional(),
  cachePrompt: z.boolean().optional(),
  interruptible: z.boolean().optional(),
  seed: z.uint32().optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.uint32().optional(),
  minP: z.number().optional(),
  typicalP: z.number().optional(),
  topNSigma: z.number().optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  repeatPenalty: z.number().optional(),
  repeatLastN: z.int32().optional(),
  logitBias: z.array(logitBias).optional(),
  dynatempRange: z.number().optional(),
  dynatempExponent: z.number().optional(),
  xtcProbability: z.number().optional(),
  xtcThreshold: z.number().optional(),
  mirostat: z.uint32().optional(),
  mirostatTau: z.number().optional(),
  mirostatEta: z.number().optional(),
  dryMultiplier: z.number().optional(),
  dryBase: z.number().optional(),
  dryAllowedLength: z.int32().optional(),
  dryPenaltyLastN: z.int32().optional(),
  drySequenceBreakers: z.array(z.string()).optional(),
  samplers: z.array(z.string()).optional(),
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
});

const textOrTokens = z.union([z.string(), z.array(z.uint32())]);

export const embedInput = z.strictObject({
  model: z.string().optional(),
  inputs: z.array(textOrTokens),
  dimensions: z.uint32().optional(),
  normalize: z.boolean().optional(),
  pooling: z.enum(["mean", "cls", "last"]).optional(),
});

export type ChatInput = z.infer<typeof chatInput>;
export type EmbedInput = z.infer<typeof embedInput>;
