import { pino } from "pino";
import { z } from "zod";
import { Lifecycle } from "../../../shim/lifecycle.ts";
import { shimSettingsSchema } from "../../../settings/rest-settings.ts";
import { createDialects } from "../../../shim/dialects.ts";
import { openAiErrorSchema } from "../../../shim/dialect/open-ai-error.ts";
import { fakeClient } from "../../support/fake-inference.ts";

/** Every endpoint with what the OpenAPI document says of its answers. */
const endpoints = createDialects({
  client: fakeClient({}),
  settings: shimSettingsSchema.parse({}),
  lifecycle: new Lifecycle(),
  logger: pino({ level: "silent" }),
  version: "0.0.0",
}).flatMap(({ endpoints: ofDialect, errorSchema: refusal = openAiErrorSchema }) =>
  ofDialect.map((endpoint) => ({ ...endpoint, refusal })),
);

interface SeenAnswer {
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/**
 * What is wrong with an answer, by the schemas that the OpenAPI document is made of, which here allow no field that they
 * do not name; undefined: nothing.
 */
export function faultByOwnSchemas({ path, status, contentType, text }: SeenAnswer): string | undefined {
  const bare = path.replace(/^\/v1(?=\/)/, "");
  const candidates = endpoints.filter((endpoint) => endpoint.path === bare || endpoint.path === `/v1${bare}`);
  const faults = candidates.map(({ result, chunk, refusal }) => {
    if (status >= 400) return faultOf(refusal, [text]);
    if (contentType.startsWith("application/json")) return result instanceof z.ZodType && faultOf(result, [text]);
    return chunk && faultOf(z.union([chunk, refusal]), valuesOf(text));
  });
  return faults.every(Boolean) ? faults.filter(Boolean).join("\n") || undefined : undefined;
}

/** The JSON values of server-sent events, or of lines. */
function valuesOf(stream: string): string[] {
  const lines = stream.split("\n").map((line) => line.replace(/^data: /, ""));
  return lines.filter((line) => line.startsWith("{"));
}

function faultOf(schema: z.ZodType, jsons: readonly string[]): string | undefined {
  for (const json of jsons) {
    const { error } = schema.safeParse(JSON.parse(json));
    if (error) return `${json.slice(0, 500)}\n${z.prettifyError(error)}`;
  }
  return undefined;
}
