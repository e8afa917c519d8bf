/** What differs from one answer to the next, and with what the server was asked before. */
const volatile = new Set(["id", "created", "created_at", "system_fingerprint", "cached_tokens", "fingerprint"]);
/** Embeddings and log-probabilities differ a little between CPUs. */
const tolerance = 0.05;

/**
 * The first difference between an answer as a page has it and as it is: other names, other texts, other numbers.
 * Identifiers and times need only be of the same type. Undefined: none.
 */
export function findDifference(expected: unknown, actual: unknown, at = "the answer"): string | undefined {
  if (typeof expected !== typeof actual || Array.isArray(expected) !== Array.isArray(actual))
    return `${at} is ${JSON.stringify(actual)}`;
  if (typeof expected === "number" && typeof actual === "number") {
    const near = Number.isInteger(expected) ? expected === actual : Math.abs(expected - actual) <= tolerance;
    return near ? undefined : `${at} is ${actual}`;
  }
  if (typeof expected !== "object" || expected === null || actual === null || typeof actual !== "object")
    return expected === actual ? undefined : `${at} is ${JSON.stringify(actual)}`;
  const [page, server] = [new Map(Object.entries(expected)), new Map<string, unknown>(Object.entries(actual))];
  for (const name of new Set([...page.keys(), ...server.keys()])) {
    if (!page.has(name) || !server.has(name)) return `${at} ${server.has(name) ? "has" : "has no"} ${name}`;
    const inside = volatile.has(name)
      ? typeof page.get(name) === typeof server.get(name)
        ? undefined
        : `${at}.${name} is ${JSON.stringify(server.get(name))}`
      : findDifference(page.get(name), server.get(name), `${at}.${name}`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
