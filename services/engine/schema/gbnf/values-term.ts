import { literal, type RuleSet } from "./rule-set.ts";

/** So few are written side by side, which is what one expects to read. */
const maxPlain = 8;
/** llama.cpp reads groups recursively. */
const maxNested = 16;

/**
 * A term for exactly these texts. Many of them are written as a tree of their common beginnings: llama.cpp follows each
 * alternative by itself, so that a thousand side by side would be a thousand checks for each token.
 */
export function valuesTerm(rules: RuleSet, texts: readonly string[], hint: string): string {
  if (texts.length === 1) return literal(texts[0]!);
  if (texts.length <= maxPlain) return rules.intern(hint, texts.map(literal).join(" | "));
  return rules.intern(
    hint,
    tree(
      texts.map((text) => [...text]),
      0,
    ),
  );

  function tree(words: readonly (readonly string[])[], depth: number): string {
    const groups = Map.groupBy(words, ([first]) => first ?? "");
    const ways = [...groups.values()].map((group) => {
      const prefix = commonPrefix(group);
      const tails = group.map((word) => word.slice(prefix.length));
      const head = literal(prefix.join(""));
      if (tails.length === 1) return head;
      const tail = tree(tails, depth + 1);
      return `${head} ${depth % maxNested === maxNested - 1 ? rules.intern(`${hint}-tail`, tail) : `( ${tail} )`}`;
    });
    return ways.join(" | ");
  }
}

function commonPrefix(words: readonly (readonly string[])[]): readonly string[] {
  const [first = []] = words;
  let length = first.length;
  for (const word of words) {
    let same = 0;
    while (same < length && word[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}
