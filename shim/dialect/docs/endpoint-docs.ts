import { z } from "zod";

/** What callers are told about a route. */
export interface EndpointDocs {
  readonly method: "get" | "post" | "delete" | "head";
  /** As @koa/router has it: a parameter is written `:name`, or `*name` where it may contain slashes. */
  readonly path: string;
  readonly summary: string;
  /** What generated clients call it; unset: made of the method and the path. */
  readonly operationId?: string;
  /** The heading that it is listed under; unset: the dialect's name. */
  readonly tag?: string;
  /** What the path's parameters are, and those of the query that there are. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodObject | undefined;
  /** A request without a body is one with an empty object. */
  readonly bodyMayBeMissing?: boolean;
  /** A body that is a list is this field of an object that has no other. */
  readonly takesList?: string;
  /** The body is a form with a file, not JSON. */
  readonly isForm?: true;
  /** What fields of the body mean, where it is not what their names mean elsewhere. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Fields of the body that are accepted and change nothing, with the reason. */
  readonly withoutEffect?: Readonly<Record<string, string>> | undefined;
  /** A body that is answered as it stands. */
  readonly example?: object;
  /** The answer's JSON; or its media types, where it is something else. */
  readonly result?: z.ZodType | readonly string[];
  /** With `stream: true` it answers with a stream. */
  readonly streams?: boolean;
  /** What each event of that stream has. */
  readonly chunk?: z.ZodType;
  /** The stream's media type; unset: server-sent events. */
  readonly streamType?: string;
  /** Answers with another status than 200 that are not the dialect's errors, with what they mean. */
  readonly otherResults?: Readonly<Record<string, { readonly description: string; readonly result: z.ZodType }>>;
  /** The body of a refusal; unset: OpenAI's. */
  readonly refusal?: z.ZodType;
  /** It is answered without a key. */
  readonly isOpen?: boolean;
}

/** `POST /v1/chat/completions` */
export function endpointName({ method, path }: Pick<EndpointDocs, "method" | "path">): string {
  return `${method.toUpperCase()} ${templateOf(path)}`;
}

/** A path as OpenAPI writes it: `/v1/models/{id}`. */
export function templateOf(path: string): string {
  return path.replace(/[*:](\w+)/g, "{$1}");
}

/** The given operation id, or one like `postExtrasTokenizeCount`. */
export function operationIdOf({ method, path, operationId }: EndpointDocs): string {
  const words = path.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
  const named = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return operationId ?? method + (named || "Root");
}

/** The schemas of answers that have a name in the OpenAPI document, where other schemas then refer to them. */
export const namedSchemas = z.registry<{ readonly id: string }>();

/** Gives a schema its name among the components of the OpenAPI document; names are unique over all dialects. */
export function named<S extends z.ZodType>(id: string, schema: S): S {
  namedSchemas.add(schema, { id });
  return schema;
}
