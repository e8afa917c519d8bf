import { z } from "zod";

/** The schemas of answers that have a name in the OpenAPI document, where other schemas then refer to them. */
export const namedSchemas = z.registry<{ readonly id: string }>();

/** Gives a schema its name among the components of the OpenAPI document; names are unique over all dialects. */
export function named<S extends z.ZodType>(id: string, schema: S): S {
  namedSchemas.add(schema, { id });
  return schema;
}
