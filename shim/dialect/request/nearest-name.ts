/**
 * The candidate that is nearest to a name by its letters, of which a third may be wrong: `templature`, `maxTokens`; not
 * `foo` for `stop`. Undefined: none is near.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.floor(name.length / 3);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > allowed) continue;
    const distance = editDistance(name.toLowerCase(), candidate);
    if (distance <= allowed && distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Levenshtein's distance, by rows; long names are cut, since nothing that long is a near miss. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 0; row < Math.min(a.length, 64); row += 1) {
    const letter = a[row];
    const current = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (letter === b[column - 1] ? 0 : 1);
      const removed = (previous[column] ?? 0) + 1;
      const added = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, removed, added));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
