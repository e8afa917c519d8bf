import type { Dialect } from "./dialect.ts";

/** The dialect that a request is in, by its canonical path and its headers. */
export type FindDialect = (path: string, header: (name: string) => string) => Dialect;

/**
 * Makes the one place that says which dialect a request is in, served or not:
 * 1. The one that owns the path, by the longest beginning.
 * 2. On a path that nobody owns the first that claims the headers.
 * 3. Else the first of all.
 */
export function createFindDialect(dialects: readonly [Dialect, ...Dialect[]]): FindDialect {
  const owned = dialects
    .flatMap((dialect) => dialect.owns.map((start) => ({ start, dialect })))
    .sort((a, b) => b.start.length - a.start.length);
  return (path, header) => {
    const bare = path.replace(/^\/v1(?=\/)/, "");
    const owner = owned.find(({ start }) => bare === start || bare.startsWith(`${start}/`));
    return owner?.dialect ?? dialects.find(({ claims }) => claims?.(header)) ?? dialects[0];
  };
}
