import { z } from "zod";
import { numberOptions, type NumberOption } from "../../../clients/number-options.ts";
import { valueAt } from "./field-path.ts";

export const maxUint32 = 2 ** 32 - 1;
/** Token counts: far above any context, and small enough for every integer type on the way. */
const maxTokenCount = 2 ** 31 - 1;

/** Adds OpenAI's reading of null to a field: the same as not given. */
export function unsettable<T extends z.ZodType>(schema: T): z.ZodOptional<z.ZodNullable<T>> {
  return schema.nullish();
}

export const flag = unsettable(z.boolean());
export const text = unsettable(z.string());

/** A number from `min` to `max`; JSON's 1e999 (infinite) is refused by zod itself. */
export function numberFrom(min: number, max: number): z.ZodOptional<z.ZodNullable<z.ZodNumber>> {
  return unsettable(z.number().min(min).max(max));
}

export function integerFrom(min: number, max: number): z.ZodOptional<z.ZodNullable<z.ZodNumber>> {
  return unsettable(z.number().int().min(min).max(max));
}

/** A number with the range that it has in every dialect, whatever its name is there. */
export function numberAs(name: keyof typeof numberOptions): z.ZodOptional<z.ZodNullable<z.ZodNumber>> {
  const { min, max, integer }: NumberOption = numberOptions[name];
  return integer === true ? integerFrom(min, max) : numberFrom(min, max);
}

export function tokenCountFrom(min: number): z.ZodOptional<z.ZodNullable<z.ZodNumber>> {
  return integerFrom(min, maxTokenCount);
}

export const tokenId = z.number().int().min(0).max(maxUint32);

/**
 * An array whose length is checked before its items: a million wrong items would be a million issues. Its JSON Schema is
 * that of its second half.
 */
export function arrayOf<T extends z.ZodType>(
  item: T,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): z.ZodType<z.output<T>[]> {
  return z.array(z.unknown()).min(min).max(max).pipe(z.array(item).min(min).max(max));
}

/** A map from texts whose size is checked before its values, for the same reason. */
export function mapOf<T extends z.ZodType>(value: T, max: number): z.ZodType<Record<string, z.output<T>>> {
  return z
    .record(z.string(), z.unknown())
    .refine((map) => Object.keys(map).length <= max, `must have at most ${max} entries`)
    .pipe(z.record(z.string(), value));
}

/**
 * A JSON object whose inside is somebody else's business, such as a JSON Schema. It is passed on itself and not copied,
 * so that `jsonText` knows it.
 */
export const jsonObject: z.ZodType<Record<string, unknown>> = z
  .custom<Record<string, unknown>>()
  .superRefine((value: unknown, context) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
    context.addIssue({ code: "invalid_type", expected: "record", input: value });
  })
  .meta({ type: "object", additionalProperties: {} });

/** On an issue's params: what is unsupported is a variant of a union, which has no name of its own to be told by. */
export const variantMark = "variant";

/**
 * Objects told apart by their `type`. `unserved` are the types that the API knows and this server does not serve, with
 * the reason and the remedy.
 */
export function variants<const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]>(
  options: T,
  unserved: Readonly<Record<string, string>>,
): z.ZodType<z.output<z.ZodDiscriminatedUnion<T>>> {
  return z
    .unknown()
    .superRefine((value, context) => {
      const type = valueAt(value, ["type"]);
      if (typeof type !== "string" || !Object.hasOwn(unserved, type)) return;
      const params = { [unsupportedMark]: true, [variantMark]: true };
      context.addIssue({ code: "custom", message: unserved[type] ?? "", params });
    })
    .pipe(z.discriminatedUnion("type", options));
}

/** On an issue's params: the field is known, but not served, which has an error code of its own. */
export const unsupportedMark = "unsupported";

/**
 * A field that the API knows and this server does not serve. Null and the values of `satisfied` pass, because they ask
 * for nothing that is missing; any other value is refused with `why`.
 */
export function unsupported(why: string, satisfied: z.ZodType = z.never()): z.ZodType<unknown> {
  const { $schema: _, ...served } = z.toJSONSchema(satisfied);
  return z
    .unknown()
    .superRefine((value, context) => {
      if (value === null || satisfied.safeParse(value).success) return;
      context.addIssue({ code: "custom", message: why, params: { [unsupportedMark]: true } });
    })
    .meta({ description: `Not served: ${why}.`, anyOf: [...("not" in served ? [] : [served]), { type: "null" }] })
    .optional();
}

/** A field of another API, refused with this one's name for it, because what it asks for would be missing silently. */
export function elsewhere(remedy: string, satisfied?: z.ZodType): z.ZodType<unknown> {
  return unsupported(`this is another API's field: ${remedy}`, satisfied);
}
