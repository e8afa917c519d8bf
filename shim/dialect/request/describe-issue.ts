import type { z } from "zod";
import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { type FieldPath, formatPath, valueAt } from "./field-path.ts";
import { unsupportedMark, variantMark } from "./fields.ts";

type Issue = z.core.$ZodIssue;

/** The caller's error for zod's first finding in `body`: which field, what it holds, what it may hold. */
export function issueToError(issue: Issue, body: unknown, prefix: FieldPath = []): RpcError {
  const path = [...prefix, ...issue.path];
  const param = formatPath(path);
  const value = valueAt(body, path);

  if (issue.code === "custom" && issue.params?.[unsupportedMark] === true) {
    const message = issue.params[variantMark] === true ? `${param}: ${issue.message}` : issue.message;
    return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
  }
  if (issue.code === "invalid_union") {
    const deepest = deepestIssue(issue.errors);
    if (deepest !== undefined) return issueToError(deepest, body, path);
  }
  if (value === undefined) return invalidParameter(param, `${param} is required`);
  return invalidParameter(param, `${param} ${requirement(issue)}; got ${describeValue(value)}`);
}

/**
 * In a union the branch that was meant is the one with the fewest faults, of those the one that got furthest. A branch
 * whose very type is wrong was not meant; undefined, when that goes for all.
 */
function deepestIssue(branches: readonly (readonly Issue[])[]): Issue | undefined {
  const [meant] = branches
    .filter(([first]) => first !== undefined && !isOtherType(first))
    .sort((a, b) => a.length - b.length || (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0));
  return meant?.[0];
}

function isOtherType(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

function requirement(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeName(issue.expected)}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "invalid_union":
      return `must be ${unionNames(issue)}`;
    case "too_small":
      return `must ${limit(issue.origin, "at least", issue.inclusive === false ? `more than ${issue.minimum}` : issue.minimum)}`;
    case "too_big":
      return `must ${limit(issue.origin, "at most", issue.maximum)}`;
    default:
      return issue.message;
  }
}

function limit(origin: string, word: string, bound: number | bigint | string): string {
  if (origin === "array") return `have ${word} ${bound} item${bound === 1 ? "" : "s"}`;
  if (origin === "string") return `have ${word} ${bound} character${bound === 1 ? "" : "s"}`;
  return typeof bound === "string" ? `be ${bound}` : `be ${word} ${bound}`;
}

function unionNames(issue: Extract<Issue, { code: "invalid_union" }>): string {
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  if (options.length > 0) return options.map((option) => JSON.stringify(option)).join(" or ");
  const names = issue.errors.flatMap((issues) =>
    issues.slice(0, 1).map((nested) => requirement(nested).replace(/^must be /, "")),
  );
  return [...new Set(names)].join(" or ");
}

function typeName(expected: string): string {
  if (expected === "int") return "an integer";
  if (expected === "record") return "an object";
  return `${/^[aeio]/.test(expected) ? "an" : "a"} ${expected}`;
}

/** Long texts are cut: a prompt does not belong in an error message. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}
