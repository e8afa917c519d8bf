import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { CustomTool } from "../schema/tools.ts";
import { larkToRegex } from "./lark-to-regex.ts";

/** The one argument in which a model gives a custom tool its free text. */
export const inputName = "input";

/** A custom tool's input as the arguments of a function, which is what chat formats know. Throws for a grammar that cannot be enforced. */
export function customInputSchema({ format }: CustomTool, from: string): object {
  const input = format?.type === "grammar" ? { type: "string", pattern: patternOf(format, from) } : { type: "string" };
  return {
    type: "object",
    properties: { [inputName]: input },
    required: [inputName],
    additionalProperties: false,
  };
}

function patternOf(
  { syntax, definition }: { readonly syntax: "lark" | "regex"; readonly definition: string },
  from: string,
): string {
  if (syntax === "regex") return `^(?:${definition})$`;
  try {
    return `^(?:${larkToRegex(definition)})$`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RpcError(
      ErrorReason.UNSUPPORTED_PARAMETER,
      `${from}.format: this Lark grammar is not served: ${why}; write it as a regex`,
      { param: `${from}.format` },
    );
  }
}
