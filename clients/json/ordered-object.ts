/**
 * An object whose own keys come in the order of `members`; of two with one name the last counts, at the place of the
 * first. JavaScript lists names like `"10"` before all others, in the order of their numbers: where that would change
 * the order, the object stands behind a proxy that lists them as they came.
 */
export function orderedObject<T>(members: readonly (readonly [name: string, value: T])[]): {
  readonly [name: string]: T;
} {
  // Object.fromEntries defines, where an assignment to `__proto__` would not.
  const object = Object.fromEntries(members);
  const names = [...new Set(members.map(([name]) => name))];
  if (Object.keys(object).every((name, i) => name === names[i])) return object;
  return new Proxy(object, { ownKeys: () => names });
}
