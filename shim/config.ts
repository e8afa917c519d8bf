import { z } from "zod";
import { StartError } from "../config/start-error.ts";

const seconds = z.number().min(0.01).max(86_400);

/** The settings of the REST face, under the replaced server's names where it has them. */
export const shimSettingsSchema = z.object({
  host: z.string().min(1).default("127.0.0.1").describe("Address on which REST listens."),
  port: z.int().min(0).max(65_535).default(8_000).describe("Port on which REST listens; 0: any free one."),
  api_key: z
    .array(z.string().min(1))
    .optional()
    .describe(
      "Keys of which callers must send one, as Bearer or x-api-key, over REST and gRPC; unset: everyone may call.",
    ),
  root_path: z
    .string()
    .regex(/^(\/[^/?#\s]+)*$/, "must be empty, or begin with / and not end with it, such as /llm")
    .default("")
    .describe("Path under which everything is served too, for proxies that do not strip it."),
  ssl_keyfile: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the private key; with ssl_certfile: REST and gRPC are served over TLS."),
  ssl_certfile: z.string().min(1).optional().describe("PEM file of the certificate chain."),
  cors_origins: z
    .array(z.string().min(1))
    .default([])
    .describe('Origins whose pages may call, such as https://chat.example.com; "*": all; empty: none.'),
  disable_ping_events: z.boolean().default(false).describe("Send no comments on silent event streams."),
  ping_interval_seconds: seconds
    .default(15)
    .describe("How long an event stream may be silent before a comment is sent."),
  stall_timeout_seconds: seconds
    .default(60)
    .describe("A client that takes nothing of its answer for so long is cut off; a byte taken begins the time anew."),
  request_timeout_seconds: seconds.default(3_600).describe("Longest time that one request may run."),
  body_limit_bytes: z
    .int()
    .min(1_024)
    .max(2 ** 30)
    .default(8 * 1_024 * 1_024)
    .describe("Largest request body."),
  responses_store: z
    .enum(["off", "memory", "disk"])
    .default("memory")
    .describe("Where /v1/responses keeps responses for previous_response_id and GET; off: nowhere."),
  responses_store_path: z
    .string()
    .min(1)
    .optional()
    .describe("Folder of the responses, for responses_store disk; they are kept in plain text."),
  responses_store_count: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe("Most responses kept; the one that was used longest ago leaves first."),
  responses_store_bytes: z
    .int()
    .min(1_024)
    .max(2 ** 40)
    .default(256 * 1_024 * 1_024)
    .describe("Most bytes of kept responses."),
  responses_store_seconds: z
    .int()
    .min(1)
    .max(10 * 365 * 86_400)
    .default(86_400)
    .describe("A kept response that nobody uses for so long is forgotten."),
});

export type ShimSettings = z.infer<typeof shimSettingsSchema>;

/** Settings of the shim as a process of its own: also where the service is, and how it ends. */
export const separateShimSchema = shimSettingsSchema.extend({
  grace_seconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(30)
    .describe("How long running answers may take to finish after SIGTERM or Ctrl+C."),
  grpc_address: z.string().min(1).default("127.0.0.1:50051").describe("host:port of the gRPC service."),
  grpc_api_key: z
    .string()
    .min(1)
    .optional()
    .describe("Key to call the gRPC service with; unset: the first of api_key, or none."),
  grpc_tls: z
    .boolean()
    .default(false)
    .describe("Call the gRPC service over TLS; without grpc_ca_certfile the system's authorities are trusted."),
  grpc_ca_certfile: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the authorities that vouch for the gRPC service's certificate; implies grpc_tls."),
  grpc_server_name: z
    .string()
    .min(1)
    .optional()
    .describe("Name in the gRPC service's certificate, where it is not that of grpc_address; implies grpc_tls."),
});

export type SeparateShimSettings = z.infer<typeof separateShimSchema>;

/** What no single field can say. Throws a sentence for the operator. */
export function checkShimSettings(settings: ShimSettings): void {
  if ((settings.ssl_keyfile === undefined) !== (settings.ssl_certfile === undefined)) {
    const missing = settings.ssl_keyfile === undefined ? "ssl_keyfile" : "ssl_certfile";
    throw new StartError(`${missing} is missing: HTTPS needs ssl_keyfile and ssl_certfile`);
  }
  if (settings.responses_store === "disk" && settings.responses_store_path === undefined) {
    throw new StartError("responses_store_path is missing: responses_store disk needs a folder");
  }
}
