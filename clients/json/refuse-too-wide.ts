import { ErrorReason, invalidParameter, RpcError } from "../errors.ts";

/** What one value of a request may hold: far more than any request of the real world, and little to walk. */
const maxMembers = 10_000;
const maxItems = 100_000;
/** Prompts may be given as tokens. */
const maxNumbers = 1_000_000;

/**
 * Counts the members and items of everything in a request's JSON before anyone looks at each of them: a check of
 * 400,000 members takes seconds, in which nobody else is served. Throws INVALID_PARAMETER for the first value that has
 * too many. The value nests no deeper than its parser lets it.
 */
export function refuseTooWide(value: unknown, path = ""): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const most = typeof value[0] === "number" ? maxNumbers : maxItems;
    if (value.length > most) throw tooWide(path, `items, and at most ${most}`, value.length);
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === "object" && item !== null) refuseTooWide(item, `${path}[${index}]`);
    }
    return;
  }
  const names = Object.keys(value);
  if (names.length > maxMembers) throw tooWide(path, `members, and at most ${maxMembers}`, names.length);
  for (const name of names) {
    const member: unknown = (value as Record<string, unknown>)[name];
    if (typeof member === "object" && member !== null) refuseTooWide(member, path === "" ? name : `${path}.${name}`);
  }
}

function tooWide(path: string, what: string, count: number): Error {
  const end = `has ${count} ${what} are read`;
  if (path === "") return new RpcError(ErrorReason.INVALID_PARAMETER, `the request ${end}`);
  const param = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return invalidParameter(param, `${param} ${end}`);
}
