import { parseArgs } from "node:util";
import { z } from "zod";

/** Environment variables and flags are texts; a config file has real numbers and booleans. */
function numeric(schema: z.ZodNumber): z.ZodType<number> {
  return z.preprocess((value) => (typeof value === "string" && value.trim() !== "" ? Number(value) : value), schema);
}

const boolean = z.union([z.boolean(), z.stringbool()]);
const list = z.union([
  z.array(z.string().min(1)),
  z
    .string()
    .min(1)
    .transform((text) => [text]),
]);

/** The settings of the REST face, under the replaced server's names where it has them. */
export const shimSettingsSchema = z.object({
  host: z.string().min(1).default("127.0.0.1").describe("Address to listen on"),
  port: numeric(z.number().int().min(0).max(65_535)).default(8_000).describe("Port to listen on; 0: any free one"),
  api_key: list.optional().describe("Keys that callers must send, as Bearer or x-api-key; unset: everyone may call"),
  root_path: z
    .string()
    .regex(/^(\/[^/?#\s]+)*$/, "must be empty, or begin with / and not end with it, such as /llm")
    .default("")
    .describe("Path under which everything is served as well, for proxies that do not strip it"),
  ssl_keyfile: z.string().min(1).optional().describe("PEM file of the private key; with ssl_certfile: serve HTTPS"),
  ssl_certfile: z.string().min(1).optional().describe("PEM file of the certificate chain"),
  cors_origins: list
    .default([])
    .describe('Origins whose pages may call, such as https://chat.example.com; "*": all; empty: none'),
  disable_ping_events: boolean.default(false).describe("Send no comments on idle event streams"),
  ping_interval_ms: numeric(z.number().int().min(10).max(300_000))
    .default(15_000)
    .describe("How long an event stream may be silent before a comment is sent"),
  stall_timeout_ms: numeric(z.number().int().min(100).max(86_400_000))
    .default(60_000)
    .describe("A client that takes nothing from its event stream for so long is cut off"),
  request_timeout_ms: numeric(z.number().int().min(100).max(86_400_000))
    .default(3_600_000)
    .describe("Longest time that one request may run"),
  body_limit_bytes: numeric(
    z
      .number()
      .int()
      .min(1_024)
      .max(2 ** 30),
  )
    .default(8 * 1_024 * 1_024)
    .describe("Largest request body"),
});

export type ShimSettings = z.infer<typeof shimSettingsSchema>;

/** Settings for the shim as a process of its own: also where the service is. */
const separateSchema = shimSettingsSchema.extend({
  grpc_address: z.string().min(1).default("127.0.0.1:50051").describe("host:port of the gRPC service"),
});

export type SeparateShimSettings = z.infer<typeof separateSchema>;

/** What no single field can say. Throws a sentence for the operator. */
export function checkShimSettings(settings: ShimSettings): void {
  if ((settings.ssl_keyfile === undefined) !== (settings.ssl_certfile === undefined)) {
    const missing = settings.ssl_keyfile === undefined ? "ssl_keyfile" : "ssl_certfile";
    throw new Error(`${missing} is missing: HTTPS needs ssl_keyfile and ssl_certfile`);
  }
}

/**
 * Reads the settings of `shim/main.ts`: flags (`--grpc_address`, also `--grpc-address`) over environment variables
 * (`GRPC_ADDRESS`) over defaults. Throws a sentence that names the setting.
 */
export function readShimSettings(args: readonly string[], env: NodeJS.ProcessEnv = process.env): SeparateShimSettings {
  const names = Object.keys(separateSchema.shape);
  const { values } = parseArgs({
    args: args.map((arg) => (arg.startsWith("--") ? arg.replaceAll("-", "_").replace(/^__/, "--") : arg)),
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const, multiple: isList(name) }])),
  });
  const fromEnv = names
    .map((name) => [name, env[name.toUpperCase()]] as const)
    .filter(([, value]) => value !== undefined);
  const result = separateSchema.safeParse({ ...Object.fromEntries(fromEnv), ...values });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  checkShimSettings(result.data);
  return result.data;
}

function isList(name: string): boolean {
  return name === "api_key" || name === "cors_origins";
}
