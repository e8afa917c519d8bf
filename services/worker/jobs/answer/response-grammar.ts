import { invalidParameter } from "../../../../clients/errors.ts";
import { type ExactJson, parseExactJson } from "../../../../clients/json/exact-json.ts";
import type { ChoiceFormat, ResponseFormat } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Grammar } from "../../../engine/engine.ts";
import { createGrammarBuilder, type GrammarBuilder } from "../../../engine/schema/gbnf/grammar-builder.ts";
import { formatParam, notingRules, type Unenforced } from "./answer-schemas.ts";

const maxOptions = 1_024;
const maxOptionLength = 8_192;

/** What an answer is held to while it is generated, and what it is not held to although it should be. */
export interface AnswerGrammar {
  readonly grammar: Grammar | undefined;
  readonly unenforced: readonly Unenforced[];
}

/** What a whole completion must look like. Throws INVALID_PARAMETER, with the schema's place at fault. */
export function responseGrammar(format: ResponseFormat | undefined): AnswerGrammar {
  if (format?.format.case === undefined) return { grammar: undefined, unenforced: [] };
  if (format.format.case === "gbnf") return { grammar: { gbnf: format.format.value }, unenforced: [] };
  const strict = format.format.case === "jsonSchema" && format.format.value.strict === true;
  const { rules, unenforced } = notingRules(createGrammarBuilder(), { isStrict: () => strict });
  rules.addRule("root", addAnswer(rules, format));
  return { grammar: { gbnf: rules.toString() }, unenforced };
}

/** Adds the rules for an answer in the format that is wanted, and gives the term for all of it. A grammar is none of them. */
export function addAnswer(grammar: GrammarBuilder, { format }: ResponseFormat): string {
  switch (format.case) {
    case "jsonSchema":
      return grammar.addSchema(parseSchema(formatParam, format.value.schemaJson), "answer");
    case "regex":
      return grammar.addPattern("answer", format.value, "response_format.regex");
    case "choice":
      return choiceTerm(grammar, format.value);
    default:
      return grammar.addJson("json-object");
  }
}

function choiceTerm(grammar: GrammarBuilder, { options }: ChoiceFormat): string {
  const param = "response_format.choice";
  if (options.length === 0 || options.length > maxOptions) {
    throw invalidParameter(param, `${param} must have 1 to ${maxOptions} texts to choose from, not ${options.length}`);
  }
  for (const [index, { length }] of options.entries()) {
    if (length > 0 && length <= maxOptionLength) continue;
    const at = `${param}[${index}]`;
    throw invalidParameter(at, `${at} must have 1 to ${maxOptionLength} characters, not ${length}`);
  }
  return `( ${[...new Set(options)].map((option) => grammar.literal(option)).join(" | ")} )`;
}

/** JSON text as the schema it is. */
function parseSchema(param: string, json: string): ExactJson {
  try {
    return parseExactJson(json);
  } catch {
    // The parser's message quotes what a user wrote, and says no more.
    throw invalidParameter(param, `${param} is not JSON`);
  }
}
