import { invalidParameter } from "../../../../clients/errors.ts";
import { SchemaRefusal, shown } from "../document/refusal.ts";
import { isPlain } from "../regex/ambiguity.ts";
import { AutomatonTooLarge } from "../regex/automaton.ts";
import { determinize } from "../regex/automaton-algebra.ts";
import { minimize } from "../regex/minimize.ts";
import { parsePattern } from "../regex/parse-pattern.ts";
import { PatternError, readRegex } from "../regex/regex-syntax.ts";
import { automatonTerm, regexTerm } from "./language-term.ts";
import type { RuleSet } from "./rule-set.ts";

/**
 * A term for the plain texts that match a pattern from beginning to end. Throws RpcError INVALID_PARAMETER for `param`
 * on a pattern that is not supported, that nothing matches, or that would be too large a grammar.
 */
export function patternTerm(
  rules: RuleSet,
  hint: string,
  { pattern, param }: { readonly pattern: string; readonly param: string },
): string {
  try {
    // By itself first: a parenthesis too many would close the group that is put around it.
    readRegex(pattern);
    const term = languageTerm(rules, hint, `^(?:${pattern})$`);
    if (term === undefined) throw new PatternError("matches no text at all");
    return term;
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    throw invalidParameter(param, `the regular expression ${shown(pattern)} ${problem}`);
  }
}

function languageTerm(rules: RuleSet, hint: string, pattern: string): string | undefined {
  const { regex, automaton } = parsePattern(pattern);
  if (regex !== undefined && isPlain(regex)) return regexTerm(rules, regex, "plain");
  return automatonTerm(rules, minimize(determinize(automaton())), "plain", hint);
}

function problemOf(error: unknown): string | undefined {
  if (error instanceof PatternError) return error.message;
  if (error instanceof AutomatonTooLarge || error instanceof SchemaRefusal) {
    return "needs too large a grammar: make it simpler, or its counts smaller";
  }
  if (error instanceof RangeError && /call stack/i.test(error.message)) return "nests too deeply";
  return undefined;
}
