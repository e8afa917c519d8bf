import { z } from "zod";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The JSON Schema of what a setting's schema takes when it is written as it should be: `4096`, though the text "4096"
 * is taken too.
 */
export function jsonOf(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input", override: preferResult });
  // zod leaves out the default of a schema that transforms its input.
  const fallback = json.default ?? z.safeParse(schema, undefined).data;
  return fallback === undefined ? json : { ...json, default: fallback };
}

/** A schema that converts first and checks then says in its second half what it wants. */
function preferResult({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { def } = zodSchema._zod;
  if (def.type === "pipe" && !isTransform(def.out)) {
    const { description } = jsonSchema;
    for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
    Object.assign(jsonSchema, jsonOf(def.out), description === undefined ? {} : { description });
  }
  if (jsonSchema.anyOf !== undefined) simplify(jsonSchema, jsonSchema.anyOf);
}

function isTransform(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === "transform";
}

/** Alternatives of alternatives are alternatives; those that differ only in how a text is converted are one. */
function simplify(schema: JsonSchema, options: readonly JsonSchema[]): void {
  const flat = options.flatMap((option) => option.anyOf ?? [option]);
  const different = [...new Map(flat.map((option) => [JSON.stringify(option), option])).values()];
  const [only, another] = different;
  if (only !== undefined && another === undefined) {
    delete schema.anyOf;
    Object.assign(schema, only);
  } else {
    schema.anyOf = different;
  }
}
