/**
 * A small GBNF interpreter for tests: reads the part of llama.cpp's grammar language that we write, refuses what
 * llama.cpp refuses (undefined rules, left recursion, too many repetitions), matches texts as it does, by stacks, and
 * generates random texts.
 */
export interface GbnfMatcher {
  readonly matches: (text: string) => boolean;
  /** Whether the text is the beginning of some match. */
  readonly accepts: (prefix: string) => boolean;
  /** How many ways to read on were open at most while matching: what llama.cpp checks each token against. */
  readonly openWays: (text: string) => number;
  /** A random text; `random` gives numbers from 0 to 1. */
  readonly generate: (random: () => number) => string;
}

type Range = readonly [first: number, last: number];
type Element = { readonly chars: readonly Range[]; readonly negated: boolean } | { readonly rule: string };
type Sequence = readonly Element[];

/** Where a reading is: the next element, and where to go on after the sequence. */
interface Stack {
  readonly sequence: Sequence;
  readonly at: number;
  readonly parent: Stack | undefined;
  readonly key: string;
}

const maxRepetitions = 2000;

export function createGbnfMatcher(grammar: string, root = "root"): GbnfMatcher {
  const rules = parseGbnf(grammar);
  if (!rules.has(root)) throw new Error(`no rule ${root}`);
  refuseUndefined(rules);
  refuseLeftRecursion(rules);
  const ids = new Map<Sequence, number>();
  const costs = shortest(rules);

  function push(sequence: Sequence, at: number, parent: Stack | undefined): Stack | undefined {
    if (at >= sequence.length) return parent;
    if (!ids.has(sequence)) ids.set(sequence, ids.size);
    return { sequence, at, parent, key: `${ids.get(sequence)}.${at} ${parent?.key ?? ""}` };
  }

  /** Goes into rules until each stack is at characters; undefined stands for the end. */
  function settle(start: readonly (Stack | undefined)[]): (Stack | undefined)[] {
    const seen = new Map<string, Stack | undefined>();
    const ready: (Stack | undefined)[] = [];
    const open = [...start];
    while (open.length > 0) {
      const stack = open.pop();
      const key = stack?.key ?? "";
      if (seen.has(key)) continue;
      seen.set(key, stack);
      const element = stack?.sequence[stack.at];
      if (!stack || !element || "chars" in element) ready.push(stack);
      else {
        const after = push(stack.sequence, stack.at + 1, stack.parent);
        for (const sequence of rules.get(element.rule)!) open.push(push(sequence, 0, after));
      }
    }
    return ready;
  }

  function read(text: string): { stacks: (Stack | undefined)[]; most: number } {
    let stacks = settle([push([{ rule: root }], 0, undefined)]);
    let most = stacks.length;
    for (const character of text) {
      const code = character.codePointAt(0)!;
      const next = stacks.flatMap((stack) => {
        const element = stack?.sequence[stack.at];
        if (!stack || !element || !("chars" in element) || !isIn(element, code)) return [];
        return [push(stack.sequence, stack.at + 1, stack.parent)];
      });
      stacks = settle(next);
      most = Math.max(most, stacks.length);
    }
    return { stacks, most };
  }

  return {
    matches: (text) => read(text).stacks.includes(undefined),
    accepts: (prefix) => read(prefix).stacks.length > 0,
    openWays: (text) => read(text).most,
    generate(random) {
      let text = "";
      // Deep or long enough: from here on only what ends soonest.
      const open: { element: Element; depth: number }[] = [{ element: { rule: root }, depth: 0 }];
      while (open.length > 0) {
        const { element, depth } = open.pop()!;
        if ("chars" in element) text += randomCharacter(element, random);
        else {
          const ways = rules.get(element.rule)!;
          const isEnding = depth > 40 || text.length > 300;
          const way = isEnding
            ? ways.reduce((best, each) => (cost(each, costs) < cost(best, costs) ? each : best))
            : ways[Math.floor(random() * ways.length)]!;
          for (const next of way.toReversed()) open.push({ element: next, depth: depth + 1 });
        }
      }
      return text;
    },
  };
}

/** Whether the grammar can generate anything. */
export function isProductive(grammar: string, root = "root"): boolean {
  return (shortest(parseGbnf(grammar)).get(root) ?? Infinity) < Infinity;
}

function isIn({ chars, negated }: { chars: readonly Range[]; negated: boolean }, code: number): boolean {
  return chars.some(([first, last]) => first <= code && code <= last) !== negated;
}

function randomCharacter(element: { chars: readonly Range[]; negated: boolean }, random: () => number): string {
  const printable: Range = [0x20, 0x7e];
  const pool: readonly Range[] = element.negated
    ? [printable, printable, [0xa0, 0xffff], [0x10000, 0x10ffff]]
    : element.chars;
  for (let tries = 0; tries < 10_000; tries++) {
    const [first, last] = pool[Math.floor(random() * pool.length)]!;
    // Wide ranges would give nothing but rare scripts.
    const end = last - first > 1000 && random() < 0.8 ? Math.max(first, 0x7e) : last;
    const code = first + Math.floor(random() * (end - first + 1));
    if (isIn(element, code) && !(code >= 0xd800 && code <= 0xdfff)) return String.fromCodePoint(code);
  }
  throw new Error("found no character of a class");
}

function shortest(rules: ReadonlyMap<string, readonly Sequence[]>): Map<string, number> {
  const costs = new Map<string, number>();
  for (let changed = true; changed;) {
    changed = false;
    for (const [name, ways] of rules) {
      const least = 1 + Math.min(...ways.map((way) => cost(way, costs)));
      if (least < (costs.get(name) ?? Infinity)) {
        costs.set(name, least);
        changed = true;
      }
    }
  }
  return costs;
}

function cost(way: Sequence, costs: ReadonlyMap<string, number>): number {
  return way.reduce((sum, element) => {
    if ("rule" in element) return sum + (costs.get(element.rule) ?? Infinity);
    return sum + (element.chars.length > 0 && !(element.negated && element.chars[0]![1] === 0x10ffff) ? 1 : Infinity);
  }, 0);
}

function refuseUndefined(rules: ReadonlyMap<string, readonly Sequence[]>): void {
  for (const [name, ways] of rules) {
    for (const element of ways.flat()) {
      if ("rule" in element && !rules.has(element.rule))
        throw new Error(`${name} refers to ${element.rule}, which is not defined`);
    }
  }
}

function refuseLeftRecursion(rules: ReadonlyMap<string, readonly Sequence[]>): void {
  const empties = new Set<string>();
  for (let size = -1; size !== empties.size;) {
    size = empties.size;
    for (const [name, ways] of rules) {
      if (ways.some((way) => way.every((element) => "rule" in element && empties.has(element.rule)))) empties.add(name);
    }
  }
  const done = new Set<string>();
  const open = new Set<string>();
  function visit(name: string): void {
    if (done.has(name)) return;
    if (open.has(name)) throw new Error(`${name} is left recursive`);
    open.add(name);
    for (const way of rules.get(name)!) {
      for (const element of way) {
        if (!("rule" in element)) break;
        visit(element.rule);
        if (!empties.has(element.rule)) break;
      }
    }
    open.delete(name);
    done.add(name);
  }
  for (const name of rules.keys()) visit(name);
}

function parseGbnf(grammar: string): Map<string, readonly Sequence[]> {
  const rules = new Map<string, readonly Sequence[]>();
  let made = 0;
  for (const line of grammar.split("\n").filter((each) => each !== "")) {
    const header = /^([a-zA-Z0-9-]+) ::= /.exec(line);
    if (!header || line.length === header[0].length) throw new Error(`no rule: ${line}`);
    if (rules.has(header[1]!)) throw new Error(`${header[1]} is defined twice`);
    const input = Array.from(line.slice(header[0].length));
    rules.set(header[1]!, []);
    rules.set(header[1]!, parseRule(input, line));
  }
  return rules;

  function add(ways: readonly Sequence[]): Element {
    const name = `(${++made})`;
    rules.set(name, ways);
    return { rule: name };
  }

  function parseRule(input: readonly string[], line: string): readonly Sequence[] {
    let at = 0;
    const ways = alternatives();
    if (at < input.length) fail();
    return ways;

    function fail(): never {
      throw new Error(`cannot read "${input.slice(at, at + 20).join("")}" in: ${line.slice(0, 500)}`);
    }

    function alternatives(): Sequence[] {
      const found = [sequence()];
      while (input[at] === "|") {
        at++;
        found.push(sequence());
      }
      return found;
    }

    function sequence(): Sequence {
      const elements: Element[] = [];
      // llama.cpp's measure: what a repetition repeats, times how often.
      let weight = 1;
      let last: Element[] = [];
      for (;;) {
        while (input[at] === " ") at++;
        const character = input[at];
        if (character === '"') {
          last = literal();
          weight = 1;
        } else if (character === "[") {
          last = [characterClass()];
          weight = 1;
        } else if (character === "(") {
          at++;
          const before = made;
          last = [add(alternatives())];
          weight = made - before;
          if (input[at++] !== ")") fail();
        } else if (character !== undefined && /[a-zA-Z0-9-]/.test(character)) {
          let name = "";
          while (/[a-zA-Z0-9-]/.test(input[at] ?? "")) name += input[at++];
          last = [{ rule: name }];
          weight = 1;
        } else {
          const times = repetition();
          if (!times) return elements;
          if (last.length === 0) fail();
          weight *= Math.max(1, times.max === Infinity ? times.min : times.max);
          if (weight > maxRepetitions) throw new Error(`repeats too much: ${line.slice(0, 500)}`);
          elements.length -= last.length;
          last = repeated(last, times);
        }
        elements.push(...last);
      }
    }

    function repetition(): { min: number; max: number } | undefined {
      const character = input[at];
      if (character === "*" || character === "+" || character === "?") {
        at++;
        return { min: character === "+" ? 1 : 0, max: character === "?" ? 1 : Infinity };
      }
      const braces = /^\{(\d+)(,?)(\d*)\}/.exec(input.slice(at, at + 30).join(""));
      if (!braces) return undefined;
      at += braces[0].length;
      const min = Number(braces[1]);
      return { min, max: braces[2] === "" ? min : braces[3] === "" ? Infinity : Number(braces[3]) };
    }

    function repeated(item: readonly Element[], { min, max }: { min: number; max: number }): Element[] {
      const fixed = Array.from({ length: min }, () => item).flat();
      if (max === Infinity) {
        const rest = add([]) as { rule: string };
        rules.set(rest.rule, [[...item, rest], []]);
        return [...fixed, rest];
      }
      let rest: Element[] = [];
      for (let i = min; i < max; i++) rest = [add([[...item, ...rest], []])];
      return [...fixed, ...rest];
    }

    function literal(): Element[] {
      at++;
      const elements: Element[] = [];
      while (input[at] !== '"') {
        const code = character();
        elements.push({ chars: [[code, code]], negated: false });
      }
      at++;
      return elements;
    }

    function characterClass(): Element {
      at++;
      const negated = input[at] === "^";
      if (negated) at++;
      const chars: Range[] = [];
      while (input[at] !== "]") {
        const first = character();
        let last = first;
        if (input[at] === "-" && input[at + 1] !== "]") {
          at++;
          last = character();
        }
        chars.push([first, last]);
      }
      at++;
      return { chars, negated };
    }

    function character(): number {
      const next = input[at++];
      if (next === undefined) fail();
      if (next !== "\\") return next.codePointAt(0)!;
      const escape = input[at++] ?? fail();
      const length = { x: 2, u: 4, U: 8 }[escape];
      if (length !== undefined) {
        const digits = input.slice(at, at + length).join("");
        if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length !== length) fail();
        at += length;
        return Number.parseInt(digits, 16);
      }
      const control = { n: 10, r: 13, t: 9 }[escape];
      if (control !== undefined) return control;
      if (!'\\"[]-'.includes(escape)) fail();
      return escape.codePointAt(0)!;
    }
  }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
