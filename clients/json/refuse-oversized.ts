import { ErrorReason, invalidParameter, RpcError } from "../errors.ts";
import { stringEnd } from "./exact-reader.ts";

/** What one value of a request may hold: far more than any request of the real world, and little to walk. */
const maxMembers = 10_000;
const maxItems = 100_000;
/** Prompts may be given as tokens. */
const maxNumbers = 1_000_000;
/** Deeper values would overflow the stack of whoever walks them next. */
const maxDepth = 100;

/** An object or array that the text is within. */
interface Open {
  readonly isArray: boolean;
  readonly max: number;
  /** Members or items before the present one. */
  before: number;
  /** Where the present member's name begins; undefined: it is still to come. */
  nameAt: number | undefined;
}

/**
 * Counts the members, items and levels of a request's JSON in its text, before it is parsed: to make an object of 400,000
 * members takes seconds, in which nobody else is served. Throws INVALID_PARAMETER for the first value that has too many.
 * Text that is not JSON is left to the parser.
 *
 * @param isBatch whether the members of the outermost object are requests, whose numbers belong in no path
 */
export function refuseOversized(text: string, { isBatch = false }: { isBatch?: boolean } = {}): void {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at++) {
    const inner = open.at(-1);
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        if (inner?.isArray === false) inner.nameAt ??= at;
        at = stringEnd(text, at) - 1;
        break;
      case 0x2c: // ,
        if (inner === undefined) break;
        if (++inner.before >= inner.max) throw tooLarge(text, open, { isBatch });
        inner.nameAt = undefined;
        break;
      case 0x5b: // [
        open.push({ isArray: true, max: startsNumber(text, at + 1) ? maxNumbers : maxItems, before: 0, nameAt: 0 });
        if (open.length > maxDepth) throw tooDeep();
        break;
      case 0x7b: // {
        open.push({ isArray: false, max: maxMembers, before: 0, nameAt: undefined });
        if (open.length > maxDepth) throw tooDeep();
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open.pop();
    }
  }
}

function startsNumber(text: string, at: number): boolean {
  const numberAt = /\s*[-\d]/y;
  numberAt.lastIndex = at;
  return numberAt.test(text);
}

function tooDeep(): Error {
  const message = `the request's JSON is nested deeper than ${maxDepth} levels`;
  return new RpcError(ErrorReason.INVALID_PARAMETER, message);
}

function tooLarge(text: string, open: readonly Open[], { isBatch }: { readonly isBatch: boolean }): Error {
  const last = open.at(-1);
  const end = `has more than ${last?.max} ${last?.isArray === true ? "items" : "members"}`;
  const path = open.slice(isBatch ? 1 : 0, -1).reduce((above, { isArray, before, nameAt = 0 }) => {
    if (isArray) return `${above}[${before}]`;
    const name = JSON.parse(text.slice(nameAt, stringEnd(text, nameAt))) as string;
    return above === "" ? name : `${above}.${name}`;
  }, "");
  if (path === "") return new RpcError(ErrorReason.INVALID_PARAMETER, `the request ${end}`);
  const param = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return invalidParameter(param, `${param} ${end}`);
}
