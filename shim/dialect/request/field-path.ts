/** A place in a request's JSON, as zod writes it. */
export type FieldPath = readonly PropertyKey[];

/** `["messages", 0, "content"]` as callers read it: `messages[0].content`. */
export function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** What is at `path`; undefined where the way there ends early. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<PropertyKey, unknown>)[key];
  }, root);
}
