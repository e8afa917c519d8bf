import { regexAutomaton } from "../regex/automata.ts";
import { type Automaton, AutomatonTooLarge } from "../regex/automaton.ts";
import { complementAutomaton, intersectAutomata, unionAutomaton } from "../regex/automaton-algebra.ts";
import { charSet } from "../regex/char-set.ts";
import type { Compiler } from "./compiler.ts";
import { jsonRule } from "../gbnf/json-rules.ts";
import { compareDecimals, type Decimal, decimalOf, decimalText, isNumber, isWhole } from "../document/decimal.ts";
import { keyword, numberKeyword, refuseKeyword } from "../document/keywords.ts";
import { automatonTerm, regexTerm } from "../gbnf/language-term.ts";
import { minimize } from "../regex/minimize.ts";
import { numberBounds } from "../document/number-bounds.ts";
import { numberRange } from "./number-range.ts";
import { pointerTo } from "../document/refusal.ts";
import { choice, emptyRegex, oneOf, type Regex, repeat, sequence, text } from "../regex/regex.ts";
import { unitsPerFailure } from "./work.ts";
import type { Facts } from "../document/value-space.ts";

/** Each remainder is a state of the automaton. */
const maxRemainders = 1000;
/** Up to here there are states enough to count digits too, so that multiples stay exact as doubles. */
const maxCounted = 200;
const unitsPerAutomaton = 5_000;

/**
 * A term for numbers that satisfy the bounds, `multipleOf` and integer formats of all facts; undefined when there are
 * none. Bounded numbers have no exponent and so many decimals that their order as text is their order as doubles.
 */
export function numberTerm(
  compiler: Compiler,
  facts: Facts,
  { integer }: { readonly integer: boolean },
): string | undefined {
  const { rules } = compiler;
  const bounds = numberBounds(facts);
  const multiples = facts.flatMap((fact) => multipleOf(compiler, fact) ?? []);
  const isInteger = integer || multiples.some(isWhole);
  const divisors = multiples.filter((each) => compareDecimals(each, decimalOf(1)) !== 0);
  const opposites = facts.flatMap(oppositesOf);
  const isFree = bounds.min === undefined && bounds.max === undefined;
  const isUnsigned = bounds.min?.digits === 0n && !bounds.minExcluded && bounds.max === undefined;
  const isRange = divisors.length + opposites.length === 0;
  if (isRange && (isFree || isUnsigned)) {
    if (isInteger) return jsonRule(rules, isFree ? "json-integer" : "json-natural");
    return jsonRule(rules, isFree ? "json-number" : "json-unsigned");
  }
  const isCounted = divisors.every((each) => scaledDivisor(each).divisor <= maxCounted);
  const regex =
    divisors.length > 0 && !isCounted && (isFree || isUnsigned)
      ? digitsOnly(isFree, isInteger ? 0 : Math.max(...divisors.map((each) => scaledDivisor(each).decimals)))
      : numberRange(bounds, { integer: isInteger, exact: divisors.length > 0 });
  if (!regex) return undefined;
  if (isRange) return regexTerm(rules, regex, "plain");
  const { work } = compiler.expander;
  const node = facts.find((fact) => keyword(fact, "multipleOf") !== undefined) ?? facts[0]!;
  work.spend((divisors.length + opposites.length) * unitsPerAutomaton, node.pointer);
  try {
    const automata = [
      regexAutomaton(regex),
      ...divisors.map(multipleAutomaton),
      ...(opposites.length > 0 ? [complementAutomaton(unionAutomaton(opposites))] : []),
    ];
    const hint = compiler.hint(facts[0], isInteger ? "integer" : "number");
    return automatonTerm(rules, minimize(intersectAutomata(automata)), "plain", hint);
  } catch (error) {
    if (!(error instanceof AutomatonTooLarge)) throw error;
    work.spend(unitsPerFailure, node.pointer);
    const reason = "needs too large a grammar together with the bounds: leave one of them away";
    compiler.expander.onUnenforced(pointerTo(node.pointer, "multipleOf"), reason);
    return regexTerm(rules, regex, "plain");
  }
}

/** What must not be: multiples, and single values in all the ways to write them without an exponent. */
function oppositesOf({ opposite }: Facts[number]): Automaton[] {
  const values = (opposite.values ?? []).filter(isNumber).map((value) => spellings(decimalOf(value)));
  return [
    ...(values.length > 0 ? [regexAutomaton(choice(values))] : []),
    ...(opposite.multipleOf === undefined ? [] : [multipleAutomaton(decimalOf(opposite.multipleOf))]),
  ];
}

function spellings(value: Decimal): Regex {
  const zeros = repeat(text("0"), 0, Infinity);
  const sign = value.digits === 0n ? repeat(text("-"), 0, 1) : emptyRegex;
  const rest = isWhole(value) ? repeat(sequence([text("."), zeros]), 0, 1) : zeros;
  return sequence([sign, text(decimalText(value)), rest]);
}

function multipleOf({ expander }: Compiler, fact: Facts[number]): Decimal | undefined {
  const value = numberKeyword(fact, "multipleOf");
  if (value === undefined) return undefined;
  if (value.digits <= 0n)
    return refuseKeyword(fact, "multipleOf", `must be greater than 0, and is ${decimalText(value)}`);
  if (scaledDivisor(value).divisor <= maxRemainders) return value;
  const reason = `${decimalText(value)} has more than ${maxRemainders} remainders: use a smaller or rounder one`;
  expander.onUnenforced(pointerTo(fact.pointer, "multipleOf"), reason);
  return isWhole(value) ? decimalOf(1) : undefined;
}

/** `divisor / 10^decimals`, so that multiples are counted in integers. */
function scaledDivisor({ digits, exponent }: Decimal): { divisor: number; decimals: number } {
  return { divisor: Number(digits) * 10 ** Math.max(0, exponent), decimals: Math.max(0, -exponent) };
}

/** Decimals of any length, for divisors that leave no states to count digits with. */
function digitsOnly(signed: boolean, decimals: number): Regex {
  const digit = oneOf(charSet("0-9"));
  const whole = choice([text("0"), sequence([oneOf(charSet("1-9")), repeat(digit, 0, Infinity)])]);
  const part = decimals === 0 ? emptyRegex : repeat(sequence([text("."), repeat(digit, 1, decimals)]), 0, 1);
  return sequence([signed ? repeat(text("-"), 0, 1) : emptyRegex, whole, part]);
}

/** Decimals that are a multiple of `value`: the state is the remainder so far, and how many decimals were read. */
function multipleAutomaton(value: Decimal): Automaton {
  const { divisor, decimals } = scaledDivisor(value);
  const state = (remainder: number, read: number): string => `${remainder} ${read}`;
  const parse = (at: string): [number, number] => at.split(" ").map(Number) as [number, number];
  return {
    start: state(0, -1),
    moves(at) {
      const [remainder, read] = parse(at);
      const digits = [...Array(10).keys()].map((digit) => {
        // Behind the last decimal that can matter only zeros may follow.
        if (read >= decimals) return { set: digit === 0 ? charSet("0") : [], to: at };
        return {
          set: charSet(String(digit)),
          to: state((remainder * 10 + digit) % divisor, read < 0 ? read : read + 1),
        };
      });
      const others =
        read < 0
          ? [
              { set: charSet("-"), to: at },
              { set: charSet("."), to: state(remainder, 0) },
            ]
          : [];
      return [...digits, ...others].filter(({ set }) => set.length > 0);
    },
    accepts(at) {
      const [remainder, read] = parse(at);
      return (remainder * 10 ** (decimals - Math.max(0, read))) % divisor === 0;
    },
  };
}
