import { z } from "zod";
import { fieldDescriptions } from "./field-descriptions.ts";

/** What callers are told about a route. */
export interface EndpointDocs {
  readonly method: "get" | "post" | "delete" | "head";
  /** As @koa/router has it: a parameter is written `:name`, or `*name` where it may contain slashes. */
  readonly path: string;
  readonly summary: string;
  readonly body?: z.ZodObject | undefined;
  /** What fields of the body mean, where it is not what their names mean elsewhere. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Fields of the body that are accepted and change nothing, with the reason. */
  readonly withoutEffect?: Readonly<Record<string, string>> | undefined;
  /** With `stream: true` it answers with server-sent events. */
  readonly streams?: boolean;
}

export type JsonSchema = z.core.JSONSchema.JSONSchema;

export interface OpenApiOperation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "path";
    readonly required: true;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: { readonly "application/json": { readonly schema: JsonSchema } };
  };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: object;
  readonly security?: readonly object[];
}

/** `POST /v1/chat/completions` */
export function endpointName({ method, path }: Pick<EndpointDocs, "method" | "path">): string {
  return `${method.toUpperCase()} ${openApiPath(path)}`;
}

/** The endpoints as an OpenAPI 3.1 document; the bodies are the very schemas that requests are checked with. */
export function openApiDocument(
  endpoints: readonly EndpointDocs[],
  about: { readonly version: string; readonly serverUrl: string; readonly withKey: boolean },
): OpenApiDocument {
  const paths = new Map<string, Record<string, OpenApiOperation>>();
  for (const endpoint of endpoints) {
    const path = openApiPath(endpoint.path);
    paths.set(path, { ...paths.get(path), [endpoint.method]: operation(endpoint) });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tokenwire",
      version: about.version,
      description:
        "OpenAI-compatible REST API for GGUF models. Null means the same as a field that is left out. An unknown field is ignored and named in the `warning` header.",
    },
    servers: [{ url: about.serverUrl }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
    ...(about.withKey && { security: [{ bearer: [] }] }),
  };
}

function operation({ path, summary, streams, ...rest }: EndpointDocs): OpenApiOperation {
  const { body } = rest;
  const parameters = [...path.matchAll(/[*:](\w+)/g)].map(([, name = ""]) => {
    return { name, in: "path", required: true, schema: { type: "string" } } as const;
  });
  const ok = streams ? { content: { "application/json": {}, "text/event-stream": {} } } : {};
  const failed = { content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } };
  return {
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { "application/json": { schema: bodySchema(body, rest) } } },
    }),
    responses: {
      "200": { description: "The answer", ...ok },
      ...(body && { "4XX": { description: "The request cannot be served as it is", ...failed } }),
      "5XX": { description: "The server cannot answer", ...failed },
    },
  };
}

function bodySchema(
  body: z.ZodObject,
  { withoutEffect = {}, fields = {} }: Pick<EndpointDocs, "withoutEffect" | "fields">,
): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(body, {
    unrepresentable: "any",
    // Unknown fields are ignored, not refused.
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const described = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const none = withoutEffect[name];
    const description = none === undefined ? (fields[name] ?? fieldDescriptions[name]) : `No effect: ${none}.`;
    return [name, typeof field === "object" && description !== undefined ? { description, ...field } : field];
  });
  return { ...schema, properties: Object.fromEntries(described) as Record<string, JsonSchema> };
}

function openApiPath(path: string): string {
  return path.replace(/[*:](\w+)/g, "{$1}");
}

const errorSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: { type: "string" },
        type: { type: "string" },
        param: { type: ["string", "null"] },
        code: { type: ["string", "null"] },
      },
    },
  },
} as const;
