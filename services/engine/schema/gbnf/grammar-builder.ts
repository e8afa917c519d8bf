import { invalidParameter } from "../../../../clients/errors.ts";
import { compileSchema } from "../compile/compile-schema.ts";
import { type JsonRule, jsonRule } from "./json-rules.ts";
import { type OnUnenforced, SchemaRefusal } from "../document/refusal.ts";
import { createRuleSet, type JsonSpacing, literal } from "./rule-set.ts";
import { patternTerm } from "./pattern-term.ts";
import { textTerm, type TextOptions } from "./text-term.ts";

export interface SchemaOptions {
  /** The request's field that the schema came from, for the error. Default: `response_format.json_schema.schema`. */
  readonly param?: string;
  /** What stands before JSON pointers in messages. Default: `#`. */
  readonly pointerPrefix?: string;
  /** The only type that is wanted. */
  readonly only?: "object";
  /**
   * Told each place (with the prefix) of which the grammar does not enforce all, and why; the grammar is wider than the
   * schema there. Unset: such a schema is refused.
   */
  readonly onUnenforced?: (place: string, reason: string) => void;
}

/** Collects rules for one GBNF grammar, which several schemas may share. */
export interface GrammarBuilder {
  /**
   * Adds rules for the values that a JSON Schema allows, and gives the name to refer to them: `ruleName`, or something
   * like it where that is taken or has characters that GBNF does not know. Throws RpcError INVALID_PARAMETER, with the
   * JSON pointer of what cannot be honoured, and leaves no rules then.
   */
  addSchema(schema: unknown, ruleName: string, options?: SchemaOptions): string;
  /**
   * A term for the plain texts that match a regular expression from their beginning to their end. Its rules are named
   * like `hint`. Throws RpcError INVALID_PARAMETER for `param` on a pattern that is not supported or that nothing matches.
   */
  addPattern(hint: string, pattern: string, param: string): string;
  /** A term for plain texts; undefined when it would be too large. Its rules are named like `hint`. */
  addText(hint: string, options: TextOptions): string | undefined;
  /** Adds a rule with a body in GBNF. The name must be free and a valid one: it is what others refer to. */
  addRule(name: string, body: string): string;
  /** The name of one of the rules for JSON itself (`json-value`, `ws` …), added when it is first asked for. */
  addJson(rule: JsonRule): string;
  /** GBNF for exactly this text. */
  literal(text: string): string;
  /** The grammar. Every rule that is referred to must have been added. */
  toString(): string;
}

/** An empty grammar, whose JSON is spaced in one way or, by default, in any. See compile-schema.ts for what the rules of a schema promise. */
export function createGrammarBuilder(spacing?: JsonSpacing): GrammarBuilder {
  const rules = createRuleSet(spacing);
  return {
    addSchema(schema, ruleName, options = {}) {
      const takeBack = rules.checkpoint();
      const name = rules.reserve(ruleName);
      try {
        refusing(options, (onUnenforced) => {
          compileSchema(rules, schema, { name, onUnenforced, ...(options.only && { only: options.only }) });
        });
      } catch (error) {
        takeBack();
        throw error;
      }
      return name;
    },
    addRule(name, body) {
      if (rules.has(name) || !/^[a-zA-Z0-9-]+$/.test(name)) throw new Error(`the grammar cannot have a rule "${name}"`);
      rules.reserve(name);
      rules.define(name, body);
      return name;
    },
    addPattern: (hint, pattern, param) => patternTerm(rules, hint, { pattern, param }),
    addText: (hint, options) => textTerm(rules, hint, options),
    addJson: (rule) => jsonRule(rules, rule),
    literal,
    toString: () => rules.toString(),
  };
}

/** Runs `compile`; what it refuses becomes an error for the caller. */
function refusing(
  { param = "response_format.json_schema.schema", pointerPrefix = "#", onUnenforced }: SchemaOptions,
  compile: (onUnenforced: OnUnenforced) => void,
): void {
  const told = new Set<string>();
  const tell: OnUnenforced = (pointer, reason) => {
    if (!onUnenforced) throw new SchemaRefusal(pointer, reason);
    if (!told.has(pointer)) onUnenforced(`${pointerPrefix}${pointer}`, reason);
    told.add(pointer);
  };
  try {
    compile(tell);
  } catch (error) {
    if (error instanceof SchemaRefusal) {
      throw invalidParameter(
        param,
        `the JSON schema cannot be enforced: ${pointerPrefix}${error.pointer} ${error.message}`,
      );
    }
    // The compiler is recursive and bounded; a literal value in the schema can still nest too deep for the stack.
    if (error instanceof RangeError && /call stack/i.test(error.message)) {
      throw invalidParameter(param, "the JSON schema nests too deeply");
    }
    throw error;
  }
}
