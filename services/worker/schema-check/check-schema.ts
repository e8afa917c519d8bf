import { Ajv, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";

export interface SchemaVerdict {
  readonly valid: boolean;
  /** Of what is not valid: the first fault, with its place. */
  readonly fault: string;
}

const options: Options = {
  strict: false,
  // What is unusual about a schema was the compiler's business.
  validateSchema: false,
  // The grammar holds answers to the formats that it knows; all others are annotations.
  validateFormats: false,
  // 0.07 / 0.01 is a little more than 7.
  multipleOfPrecision: 12,
  logger: false,
};

/**
 * Whether a text is JSON that is valid under a schema (JSON text); undefined where Ajv cannot read the schema. It may take
 * any time: patterns are JavaScript's regular expressions.
 */
export function checkSchema(schemaJson: string, text: string): SchemaVerdict | undefined {
  const schema = JSON.parse(schemaJson) as unknown;
  const validate = compile(schema);
  if (!validate) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { valid: false, fault: "it is not JSON" };
  }
  if (validate(value)) return { valid: true, fault: "" };
  const [error] = validate.errors ?? [];
  return { valid: false, fault: `#${error?.instancePath ?? ""} ${error?.message ?? "is not valid"}` };
}

function compile(schema: unknown): ReturnType<Ajv["compile"]> | undefined {
  try {
    return ajvFor(schema).compile(schema as object);
  } catch {
    return undefined;
  }
}

/** By what the schema says it is, or by the words that only old drafts have. */
function ajvFor(schema: unknown): Ajv {
  const draft = typeof schema === "object" && schema !== null && "$schema" in schema ? String(schema.$schema) : "";
  if (draft.includes("2019-09")) return new Ajv2019(options);
  const isOld = /draft-0[4-7]/.test(draft) || (draft === "" && /"items":\s*\[/.test(JSON.stringify(schema)));
  return isOld ? new Ajv(options) : new Ajv2020(options);
}
