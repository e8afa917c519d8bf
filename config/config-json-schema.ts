import { isOptional } from "./values/coerce.ts";
import type { JsonSchema } from "./values/json-of.ts";
import type { Scope, Term, Vocabulary } from "./vocabulary.ts";

/** The JSON Schema of the config file, from which editors complete and check. */
export function configJsonSchema(vocabulary: Vocabulary): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Config file of Tokenwire",
    description: "What is served, and how. Environment variables of the same names fill what the file leaves out.",
    type: "object",
    properties: {
      $schema: { type: "string", description: "Where an editor finds this schema." },
      ...propertiesOf(vocabulary, "server"),
      models: {
        description: "The models to serve; the first answers requests that name none.",
        type: "array",
        minItems: 1,
        items: {
          type: "object",
          properties: propertiesOf(vocabulary, "model"),
          required: ["model"],
          additionalProperties: false,
        },
      },
    },
    required: ["models"],
    additionalProperties: false,
  };
}

function propertiesOf(vocabulary: Vocabulary, scope: Scope): Record<string, JsonSchema> {
  const terms = [...vocabulary.values()].filter((term) => term.scope === scope);
  return Object.fromEntries(terms.map((term) => [term.name, propertyOf(term)]));
}

function propertyOf({ setting, json }: Term): JsonSchema {
  const about = json.description ?? "";
  switch (setting.disposition) {
    case "honoured":
      return isOptional(setting.schema) ? orNull(orOne(json)) : orOne(json);
    case "meaningless":
      return { ...json, description: `${about} Has no effect: ${setting.because}.`, deprecated: true };
    case "refused":
      return {
        description: `${about} This ${setting.because}.`,
        deprecated: true,
        // The one value that asks for nothing; the default of every refused setting is a plain value.
        enum: [(json.default ?? null) as string | number | boolean | null],
      };
  }
}

/** One text may stand for a list of one. */
function orOne(json: JsonSchema): JsonSchema {
  const { items, description, default: fallback, ...rest } = json;
  if (typeof items !== "object" || Array.isArray(items) || items.type !== "string") return json;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [{ ...rest, items }, items],
  };
}

/** null is unset, where unset is a value of its own. */
function orNull(json: JsonSchema): JsonSchema {
  const { description, ...type } = json;
  const options = (type.anyOf ?? [type]).filter((option) => option.type !== "null");
  return { ...(description === undefined ? {} : { description }), anyOf: [...options, { type: "null" }] };
}
