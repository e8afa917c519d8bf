import type { z } from "zod";
import { ComponentSchemas, type JsonSchema } from "./component-schemas.ts";
import { type EndpointDocs, operationIdOf, templateOf } from "./endpoint-docs.ts";
import { openAiErrorSchema } from "../open-ai-error.ts";
import { introduction } from "./introduction.ts";

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly object[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly security?: readonly object[];
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: object }>>;

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: object;
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly object[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes?: Readonly<Record<string, object>>;
  };
}

export interface DocumentDetails {
  readonly version: string;
  /** Whether callers need a key. */
  readonly withKey: boolean;
  /** What is under each heading, in the order of the headings; one without a word here speaks for itself. */
  readonly tags: Readonly<Record<string, string>>;
}

const license = { name: "Apache-2.0", identifier: "Apache-2.0" };
const keySchemes = {
  bearer: { type: "http", scheme: "bearer", description: "`authorization: Bearer KEY`" },
  xApiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "`x-api-key: KEY`" },
};

/**
 * The endpoints as an OpenAPI 3.1 document; its schemas are the ones that requests are checked and answers typed with.
 * Making it takes a tenth of a second, so it is made once; what is returned gives it for the address that a caller knows.
 */
export function createOpenApiDocument(
  endpoints: readonly EndpointDocs[],
  about: DocumentDetails,
): (serverUrl: string) => OpenApiDocument {
  const schemas = new ComponentSchemas();
  const paths = new Map<string, Record<string, OpenApiOperation>>();
  for (const endpoint of endpoints) {
    const path = templateOf(endpoint.path);
    paths.set(path, { ...paths.get(path), [endpoint.method]: operation(endpoint, schemas, about) });
  }
  const used = new Set(endpoints.map(tagOf));
  const tags = [...new Set([...Object.keys(about.tags), ...used])].filter((tag) => used.has(tag));
  const everywhere = {
    security: about.withKey ? [{ bearer: [] }, { xApiKey: [] }] : [],
    tags: tags.map((name) => {
      const description = about.tags[name];
      return { name, ...(description !== undefined && { description }) };
    }),
    paths: Object.fromEntries(paths),
    components: { schemas: schemas.all(), ...(about.withKey && { securitySchemes: keySchemes }) },
  };
  return (serverUrl) => ({
    openapi: "3.1.0",
    info: {
      title: "Tokenwire",
      version: about.version,
      description: introduction({ serverUrl, withKey: about.withKey }),
      license,
    },
    servers: [{ url: serverUrl }],
    ...everywhere,
  });
}

function operation(endpoint: EndpointDocs, schemas: ComponentSchemas, about: DocumentDetails): OpenApiOperation {
  const { summary, body, example, isOpen = false, isForm } = endpoint;
  const bodyType = isForm ? "multipart/form-data" : "application/json";
  const parameters = parametersOf(endpoint);
  return {
    operationId: operationIdOf(endpoint),
    summary,
    tags: [tagOf(endpoint)],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { [bodyType]: { schema: schemas.body({ ...endpoint, body }), ...(example && { example }) } },
      },
    }),
    responses: {
      "200": { description: "The answer", ...withContent(successContent(endpoint, schemas)) },
      ...Object.fromEntries(
        Object.entries(endpoint.otherResults ?? {}).map(([status, { description, result }]) => {
          return [status, { description, content: jsonContent(schemas.answer(result)) }];
        }),
      ),
      ...(isOpen ? {} : refusals(endpoint, schemas, about)),
    },
    ...(isOpen && about.withKey && { security: [] }),
  };
}

function tagOf({ tag = "Other" }: EndpointDocs): string {
  return tag;
}

function parametersOf({ path, params = {}, query = {} }: EndpointDocs): object[] {
  const inPath = [...path.matchAll(/[*:](\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    ...(params[name] !== undefined && { description: params[name] }),
  }));
  const inQuery = Object.entries(query).map(([name, description]) => {
    return { name, in: "query", required: false, description, schema: { type: "string" } };
  });
  return [...inPath, ...inQuery];
}

function successContent(
  { result, streams, chunk, streamType = "text/event-stream" }: EndpointDocs,
  schemas: ComponentSchemas,
): Content {
  const whole: Content =
    result === undefined
      ? {}
      : isMediaTypes(result)
        ? Object.fromEntries(result.map((type) => [type, { schema: { type: "string" } }]))
        : jsonContent(schemas.answer(result));
  return { ...whole, ...(streams && { [streamType]: { schema: chunk ? schemas.answer(chunk) : {} } }) };
}

function isMediaTypes(result: z.ZodType | readonly string[]): result is readonly string[] {
  return Array.isArray(result);
}

/** What every call may be answered with; the sentences say what to do. */
function refusals(
  { body, refusal = openAiErrorSchema }: EndpointDocs,
  schemas: ComponentSchemas,
  { withKey }: DocumentDetails,
): OpenApiOperation["responses"] {
  const content = jsonContent(schemas.answer(refusal));
  return {
    ...(body && { "400": { description: "The request cannot be served as it is; the message says why", content } }),
    ...(withKey && { "401": { description: "The key is missing or wrong", content } }),
    "404": { description: "There is no such model", content },
    ...(body && {
      "429": { description: "The caller's own limit is reached: try again after `retry-after`", content },
    }),
    "503": { description: "The server or the model is busy, loading or away: try again after `retry-after`", content },
    "5XX": { description: "The server cannot answer", content },
  };
}

function jsonContent(schema: JsonSchema): Content {
  return { "application/json": { schema } };
}

function withContent(content: Content): { content?: Content } {
  return Object.keys(content).length === 0 ? {} : { content };
}
