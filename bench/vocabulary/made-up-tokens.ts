const syllables = "an be con der ent ing ka lo mi ne or pre ri st tion un".split(" ");
/** Where some scripts begin in Unicode. */
const scripts = [0x430, 0x3b1, 0x4e00, 0x3041, 0xac00, 0x905, 0x627];
const signs = [...`{}[]()<>"'\`,.:;!?/\\|@#$%^&*-+=_~ \n\t`];

/**
 * Texts of tokens as large vocabularies have them, each once: words and their parts, characters of other scripts, numbers,
 * signs, many with a space in front.
 */
export function madeUpTokens(count: number, random: () => number): string[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const several = (most: number, one: () => string): string =>
    Array.from({ length: Math.ceil(random() * most) }, one).join("");
  const draw = (): string => {
    const kind = random();
    if (kind < 0.6) return several(5, () => pick(syllables));
    if (kind < 0.85) {
      const script = pick(scripts);
      return several(4, () => String.fromCodePoint(script + Math.floor(random() * 200)));
    }
    if (kind < 0.9) return String(Math.floor(random() * 10_000));
    return several(4, () => pick(signs));
  };
  const tokens = new Set<string>();
  while (tokens.size < count) {
    let token = (random() < 0.5 ? " " : "") + draw();
    if (random() < 0.1) token = token.toUpperCase();
    if (random() < 0.05) token += pick(signs);
    if (token !== "") tokens.add(token);
  }
  return [...tokens];
}
