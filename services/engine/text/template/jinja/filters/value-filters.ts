import { runtimeError } from "../jinja-error.ts";
import { memberOf } from "../methods/members.ts";
import { expectInteger, expectText, optionalFlag } from "../run/expect.ts";
import { asNumber } from "../values/compare.ts";
import { asText, isTrue } from "../values/facts.ts";
import { dumpJson } from "../values/json/python-json.ts";
import { listOf } from "../values/iterate.ts";
import { reprOf } from "../values/text.ts";
import { orUndefined, Undefined, type Value } from "../values/value.ts";
import { filter, type Filter } from "./filter.ts";

const fallback: Filter = filter(["default_value?", "boolean?"], (value, [other = "", boolean]) => {
  return value instanceof Undefined || (optionalFlag(boolean) && !isTrue(value)) ? other : value;
});

/** Filters of any value. */
export const valueFilters: Readonly<Record<string, Filter>> = {
  default: fallback,
  d: fallback,
  attr: filter(["name"], (value, [name = null]) => {
    const attribute = expectText(name);
    return orUndefined(memberOf(value, attribute), `there is no attribute '${attribute}'`);
  }),
  pprint: (value, _, { budget }) => reprOf(value, budget),
  // Transformers' own, which is Python's json.dumps and escapes nothing for HTML.
  tojson: filter(
    ["ensure_ascii?", "indent?", "separators?", "sort_keys?"],
    (value, [ensureAscii, indent, separators, sortKeys], { budget }) => {
      const spaces = indentText(indent);
      const options = {
        ensureAscii: optionalFlag(ensureAscii),
        indent: spaces,
        separators:
          separators === undefined || separators === null
            ? ([spaces === undefined ? ", " : ",", ": "] as const)
            : pair(listOf(separators, budget)),
        sortKeys: optionalFlag(sortKeys),
      };
      return dumpJson(value, options, budget);
    },
  ),
};

function indentText(indent: Value | undefined): string | undefined {
  if (indent === undefined || indent === null) return undefined;
  const text = asText(indent);
  if (text !== undefined) return text;
  const width = asNumber(indent) === undefined ? 0 : expectInteger(indent);
  if (width > 1000) throw runtimeError(`an indent of ${width} is too large`);
  return " ".repeat(Math.max(0, width));
}

function pair([item = null, key = null]: readonly Value[]): readonly [string, string] {
  return [expectText(item), expectText(key)];
}
