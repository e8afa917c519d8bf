import { isPlain } from "../regex/ambiguity.ts";
import { exceptAutomaton, regexAutomaton } from "../regex/automata.ts";
import { type Automaton, AutomatonTooLarge } from "../regex/automaton.ts";
import { intersectAutomata } from "../regex/automaton-algebra.ts";
import { boundedTerm } from "../gbnf/bounded-term.ts";
import type { Compiler, Expander } from "./compiler.ts";
import { fitLength, relaxCounts, splitLength } from "../regex/fit-length.ts";
import { patternLanguage, tooLarge } from "../expand/pattern-language.ts";
import { formatLanguage, formatNames, simplerLanguage } from "../document/formats.ts";
import { jsonRule } from "../gbnf/json-rules.ts";
import { countKeyword, textKeyword } from "../document/keywords.ts";
import { regexTerm } from "../gbnf/language-term.ts";
import { complementLanguage, type Language } from "../regex/parse-pattern.ts";
import { pointerTo, shown } from "../document/refusal.ts";
import { type Lengths, lengthsOf, type Regex, repeatsEmpty } from "../regex/regex.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { unitsPerFailure, unitsPerRule } from "./work.ts";
import type { Facts } from "../document/value-space.ts";

export interface StringOptions {
  /** Strings that are not allowed. */
  readonly except?: readonly string[];
  /** Where the grammar gets too large no string is allowed: narrower than it must be. Unset: more are allowed. */
  readonly orNone?: boolean;
  /** What is at fault when the grammar gets too large for another reason than a pattern. */
  readonly at: { readonly node: SchemaNode; readonly name: string };
}

/**
 * A term for a JSON string, quotes included, that satisfies `minLength`, `maxLength`, `pattern` and `format` of all
 * facts; undefined when no string does. Lengths count characters: an escape is one. Strings with nothing but a length
 * may use any escape; the others write each character in one way, as JSON.stringify does.
 */
export function stringTerm(
  compiler: Compiler,
  facts: Facts,
  { except = [], orNone = false, at }: StringOptions,
): string | undefined {
  const min = Math.max(0, ...facts.map((fact) => countKeyword(fact, "minLength") ?? 0));
  const max = Math.min(Infinity, ...facts.map((fact) => countKeyword(fact, "maxLength") ?? Infinity));
  if (min > max) return undefined;
  const excluded = facts.flatMap(({ opposite }) => opposite.values?.filter((value) => typeof value === "string") ?? []);
  const options = { lengths: { min, max }, except: [...new Set([...except, ...excluded])], orNone, at };
  const found = languagesOf(compiler.expander, facts);
  return compiler.remember(JSON.stringify([[...found.keys()], options.lengths, options.except, orNone]), () => {
    const before = compiler.rules.size();
    const term = languagesTerm(compiler, [...found.values()], options);
    compiler.expander.work.spend((compiler.rules.size() - before) * unitsPerRule, facts[0]?.pointer ?? "");
    return term;
  });
}

interface LanguagesOptions extends Required<StringOptions> {
  readonly lengths: Lengths;
}

function languagesTerm(
  compiler: Compiler,
  languages: readonly Source[],
  options: LanguagesOptions,
): string | undefined {
  const { rules } = compiler;
  const { lengths, except, at } = options;
  const { min, max } = lengths;
  if (languages.length === 0 && except.length === 0) {
    if (min === 0 && max === Infinity) return jsonRule(rules, "json-string");
    return quoted(rules.repeat(jsonRule(rules, "json-char"), min, max));
  }
  const { node, name } = languages[0] ?? at;
  const regex = languages.length === 1 && except.length === 0 ? languages[0]!.language.regex : undefined;
  try {
    const fitted = regex && isPlain(regex) ? fitLength(regex, lengths) : undefined;
    if (fitted) return fitted === "none" ? undefined : quoted(regexTerm(rules, fitted, "json"));
    const long = regex && max - min >= manyCharacters && max < Infinity ? splitString(regex, lengths) : undefined;
    if (long) return quoted(regexTerm(rules, long, "json"));
    const isBound = !languages.some(({ language }) => isWithin(language, min, max));
    const bounds = isBound ? lengths : { min: 0, max: Infinity };
    const automaton = togetherAutomaton(languages, except, bounds.max);
    const hint = compiler.hint(node, name === "pattern" || name === "format" ? "text" : "name");
    const term = boundedTerm(rules, automaton, { ...bounds, writing: "json", hint });
    return term === undefined ? undefined : quoted(term);
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    const split = regex && splitString(regex, lengths);
    if (split) return quoted(regexTerm(rules, split, "json"));
    compiler.expander.work.spend(unitsPerFailure, node.pointer);
    if (languages.some(({ simpler }) => simpler)) return languagesTerm(compiler, languages.map(simplerSource), options);
    if (options.orNone) return undefined;
    compiler.expander.onUnenforced(pointerTo(node.pointer, name), tooLarge);
    // One of several may be what is still possible; else the length is.
    return languagesTerm(compiler, languages.length > 1 ? languages.slice(0, 1) : [], { ...options, except: [] });
  }
}

/** From here on nobody misses what dividing the length takes away, and counting would take hundreds of rules. */
const manyCharacters = 1000;

function splitString(regex: Regex, lengths: Lengths): Regex | undefined {
  try {
    return repeatsEmpty(regex) ? undefined : splitLength(regex, lengths);
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return undefined;
    throw error;
  }
}

function togetherAutomaton(languages: readonly Source[], except: readonly string[], max: number): Automaton {
  const automata = languages.map(({ language: { regex, automaton } }) =>
    regex && max < Infinity ? regexAutomaton(relaxCounts(regex, max)) : automaton(),
  );
  return intersectAutomata(except.length > 0 ? [...automata, exceptAutomaton(except)] : automata);
}

function quoted(term: string): string {
  return String.raw`"\"" ${term} "\""`;
}

interface Source {
  readonly language: Language;
  readonly node: SchemaNode;
  readonly name: "pattern" | "format" | "not";
  /** A part of it that may do where the whole is too large. */
  readonly simpler?: Language | undefined;
}

function simplerSource({ simpler, ...source }: Source): Source {
  return simpler ? { ...source, language: simpler } : source;
}

/** What patterns and formats ask for, each once. An unknown format is an annotation: it says nothing that could be enforced. */
function languagesOf(expander: Expander, facts: Facts): ReadonlyMap<string, Source> {
  const found = new Map<string, Source>();
  for (const node of facts) {
    const pattern = textKeyword(node, "pattern");
    const language = pattern === undefined ? undefined : patternLanguage(expander, node, pattern);
    if (language) found.set(`pattern ${pattern}`, { language, node, name: "pattern" });
    const { pattern: opposite } = node.opposite;
    const matching = opposite === undefined ? undefined : patternLanguage(expander, node, opposite);
    if (matching) found.set(`no pattern ${opposite}`, { language: complementLanguage(matching), node, name: "not" });
  }
  const hasPattern = found.size > 0;
  for (const node of facts) {
    const format = textKeyword(node, "format");
    const language = format === undefined ? "any" : formatLanguage(format);
    // Beside a pattern it names what the pattern says, as zod writes it.
    if (!language && !hasPattern) {
      const remedy = "use a pattern, or leave it away";
      const reason = `${shown(format)} is not a format that can be enforced (${formatNames.join(", ")} are some): ${remedy}`;
      expander.onUnenforced(pointerTo(node.pointer, "format"), reason);
    }
    if (format === undefined || !language || language === "any") continue;
    found.set(`format ${format}`, { language, node, name: "format", simpler: simplerLanguage(format) });
  }
  return found;
}

function isWithin({ regex }: Language, min: number, max: number): boolean {
  const lengths = regex ? lengthsOf(regex) : { min: 0, max: Infinity };
  return lengths.min >= min && lengths.max <= max;
}
