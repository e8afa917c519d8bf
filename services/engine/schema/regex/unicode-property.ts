import type { CharSet } from "./char-set.ts";

// Finding a set reads all of Unicode, some 10 ms: a schema that names hundreds of properties must not get them all.
const maxKnown = 200;
const known = new Map<string, CharSet>();
let allCharacters: string | undefined;

/** The characters that `\p{name}` stands for, as the JavaScript engine knows them; undefined for no property's name. */
export function unicodeProperty(name: string): CharSet | undefined {
  const before = known.get(name);
  if (before) return before;
  let run: RegExp;
  try {
    run = new RegExp(`\\p{${name}}+`, "gu");
  } catch {
    return undefined;
  }
  if (known.size >= maxKnown) known.clear();
  const all = (allCharacters ??= everyCharacter());
  const ranges = Array.from(all.matchAll(run), ({ 0: text, index }) => {
    const last = Array.from(text.slice(-2)).at(-1)!;
    return [all.codePointAt(index)!, last.codePointAt(0)!] as const;
  });
  known.set(name, ranges);
  return ranges;
}

/** All code points in their order, without the surrogates, which are not characters. */
function everyCharacter(): string {
  const parts: string[] = [];
  for (let first = 0; first <= 0x10ffff; first += 0x400) {
    if (first >= 0xd800 && first < 0xe000) continue;
    parts.push(String.fromCodePoint(...Array.from({ length: 0x400 }, (_, i) => first + i)));
  }
  return parts.join("");
}
