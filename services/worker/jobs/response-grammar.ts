import { invalidParameter } from "../../../clients/errors.ts";
import type { ResponseFormat } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Grammar } from "../../engine/engine.ts";
import { createGrammarBuilder, type GrammarBuilder } from "../../engine/schema/gbnf/grammar-builder.ts";

/** What a whole completion must look like; undefined: anything. Throws INVALID_PARAMETER, with the schema's place at fault. */
export function responseGrammar(format: ResponseFormat | undefined): Grammar | undefined {
  if (format?.format.case === undefined) return undefined;
  if (format.format.case === "gbnf") return { gbnf: format.format.value };
  const grammar = createGrammarBuilder();
  grammar.addRule("root", addJsonAnswer(grammar, format));
  return { gbnf: grammar.toString() };
}

/** Adds the rules for a JSON answer in the format that is wanted, and gives the name of the rule for all of it. */
export function addJsonAnswer(grammar: GrammarBuilder, { format }: ResponseFormat): string {
  if (format.case !== "jsonSchema") return grammar.addJson("json-object");
  return grammar.addSchema(parseSchema("response_format.json_schema.schema", format.value.schemaJson), "answer");
}

/** JSON text as the schema it is. */
function parseSchema(param: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's message quotes what a user wrote, and says no more.
    throw invalidParameter(param, `${param} is not JSON`);
  }
}
