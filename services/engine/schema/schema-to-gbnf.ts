import { createGrammarBuilder, type SchemaOptions } from "./gbnf/grammar-builder.ts";

/**
 * A GBNF grammar for the JSON texts that a JSON Schema (drafts 7 to 2020-12, OpenAPI's `nullable`) allows. What the
 * grammar generates is valid; a keyword that cannot be enforced throws RpcError INVALID_PARAMETER with its JSON
 * pointer. The grammar is narrower than the schema where JSON leaves a choice: members come in the order of the schema,
 * an object with `properties` has no others unless `additionalProperties` says so, whitespace is bounded.
 */
export function schemaToGbnf(schema: unknown, options: SchemaOptions & { readonly root?: string } = {}): string {
  const grammar = createGrammarBuilder();
  grammar.addSchema(schema, options.root ?? "root", options);
  return grammar.toString();
}

/** A GBNF grammar for any JSON object: `response_format: {"type": "json_object"}`. */
export function anyJsonObjectGbnf(): string {
  const grammar = createGrammarBuilder();
  grammar.addRule("root", grammar.addJson("json-object"));
  return grammar.toString();
}
