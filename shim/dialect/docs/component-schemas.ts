import { z } from "zod";
import { type EndpointDocs, namedSchemas, operationIdOf } from "./endpoint-docs.ts";
import { fieldDescriptions } from "./field-descriptions.ts";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

const refTo = (id: string) => `#/components/schemas/${id}`;

/** Gathers the schemas of a document: what has a name is written once among the components, and referred to elsewhere. */
export class ComponentSchemas {
  readonly #components = new Map<string, JsonSchema>();
  readonly #bodies = new Map<z.ZodObject, string>();

  /** An answer's schema, or a reference to it. */
  answer(schema: z.ZodType): JsonSchema {
    const { $defs = {}, ...json } = bare(z.toJSONSchema(schema, { metadata: namedSchemas, override: asDocumented }));
    for (const [id, inner] of Object.entries($defs)) this.#components.set(id, withComponentRefs(inner));
    return withComponentRefs(json);
  }

  /** A reference to a request's schema, which has the name of the first operation that takes it. */
  body(endpoint: EndpointDocs & { readonly body: z.ZodObject }): JsonSchema {
    const { body } = endpoint;
    const operation = operationIdOf(endpoint);
    const id = this.#bodies.get(body) ?? `${operation.charAt(0).toUpperCase()}${operation.slice(1)}Request`;
    if (!this.#bodies.has(body)) this.#components.set(id, describedBody(endpoint));
    this.#bodies.set(body, id);
    return { $ref: refTo(id) };
  }

  /** All that were referred to, in the order of their names. */
  all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** zod refers to named schemas as definitions of the one that has them. */
function withComponentRefs(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${refTo("")}`)) as JsonSchema;
}

function describedBody(endpoint: EndpointDocs & { readonly body: z.ZodObject }): JsonSchema {
  const { body, withoutEffect = {}, fields = {} } = endpoint;
  const schema = bare(z.toJSONSchema(body, { unrepresentable: "any", override: asDocumented }));
  const described = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const none = withoutEffect[name];
    const description = none === undefined ? (fields[name] ?? fieldDescriptions[name]) : `No effect: ${none}.`;
    return [name, typeof field === "object" && description !== undefined ? { description, ...field } : field];
  });
  return { ...schema, properties: Object.fromEntries(described) as Record<string, JsonSchema> };
}

/**
 * Unknown fields of requests are ignored, not refused, and answers may get more fields. A choice of one, which is there
 * for its error messages, is that one.
 */
function asDocumented({ jsonSchema }: { readonly jsonSchema: JsonSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  // What every whole number of JavaScript's keeps to.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  const [only, ...others] = jsonSchema.oneOf ?? [];
  if (only === undefined || others.length > 0) return;
  delete jsonSchema.oneOf;
  Object.assign(jsonSchema, only);
}

function bare(schema: JsonSchema): JsonSchema {
  const copy = { ...schema };
  delete copy.$schema;
  return copy;
}
