import type { z } from "zod";
import { invalidParameter } from "../../../clients/errors.ts";
import { issueToError } from "./describe-issue.ts";
import { valueAt } from "./field-path.ts";
import { findUnknownFields } from "./unknown-fields.ts";
import { quoteName } from "./warning-header.ts";

export interface ParsedRequest<T> {
  readonly request: T;
  /** What was ignored and why, for the `warning` header. */
  readonly warnings: readonly string[];
}

// A list of every element of a wrong array would cost more than the request.
const maxWarnings = 50;

/**
 * Checks a JSON body against an endpoint's schema. Throws the caller's error (400, with `param`) for the first field
 * that is wrong; fields that nobody knows, and known ones in `withoutEffect`, become warnings.
 */
export function parseRequest<S extends z.ZodObject>(
  schema: S,
  body: unknown,
  withoutEffect: Readonly<Record<string, string>> = {},
): ParsedRequest<z.infer<S>> {
  const result = schema.safeParse(body);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw issue === undefined ? invalidParameter("", "the request is not valid") : issueToError(issue, body);
  }
  const unknown = findUnknownFields(schema, { input: body, output: result.data, limit: maxWarnings });
  return {
    request: result.data,
    warnings: [
      ...unknown.map(
        ({ path, meant }) =>
          `unknown field ${quoteName(path)} was ignored` +
          (meant === undefined ? "" : `; did you mean ${quoteName(meant)}?`),
      ),
      ...Object.entries(withoutEffect)
        .filter(([path]) => isGiven(valueAt(body, path.split("."))))
        .map(([path, why]) => `field ${quoteName(path)} has no effect: ${why}`),
    ],
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
