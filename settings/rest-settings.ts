import { z } from "zod";
import { StartError } from "../config/config-error.ts";
import { folder, optional, text, whole } from "./kinds.ts";
import { honoured, honouredShape } from "./setting.ts";

const seconds = () => z.number().min(0.01).max(86_400);

/** The settings of the REST face, under the replaced server's names where it had them. */
export const restSettings = {
  host: honoured("Address on which REST listens.", text().default("127.0.0.1"), { replaced: { was: "localhost" } }),
  port: honoured("Port on which REST listens; 0 picks any free port.", whole(0, 65_535).default(8_000), {
    replaced: { was: 8000 },
  }),
  api_key: honoured(
    "API keys. Callers must send one of them, as a Bearer token or in x-api-key, over REST and gRPC. Unset: no key is needed.",
    z.array(z.string().min(1)).optional(),
    { replaced: { was: null } },
  ),
  root_path: honoured(
    "Path prefix under which everything is also served, for proxies that do not strip it.",
    z
      .string()
      .regex(/^(\/[^/?#\s]+)*$/, "must be empty, or begin with / and not end with it, such as /llm")
      .default(""),
    { replaced: { was: "" } },
  ),
  ssl_keyfile: honoured(
    "PEM file of the private key; with ssl_certfile: REST and gRPC are served over TLS.",
    optional(text()),
    { replaced: { was: null } },
  ),
  ssl_certfile: honoured("PEM file of the certificate chain.", optional(text()), { replaced: { was: null } }),
  cors_origins: honoured(
    'Origins whose web pages may call this server, such as https://chat.example.com; "*" allows all.',
    z.array(z.string().min(1)).default([]),
  ),
  disable_ping_events: honoured(
    "Do not send keep-alive comments on silent event streams.",
    z.boolean().default(false),
    {
      replaced: { was: false },
    },
  ),
  ping_interval_seconds: honoured(
    "How long an event stream may be silent before a keep-alive comment is sent.",
    seconds().default(15),
  ),
  stall_timeout_seconds: honoured(
    "A client that reads nothing of its answer for this long is cut off; each byte that it reads restarts the clock.",
    seconds().default(60),
  ),
  request_timeout_seconds: honoured("Longest time that a request may run.", seconds().default(3_600)),
  body_limit_bytes: honoured(
    "Largest request body; on routes that take pictures and sounds these are not counted.",
    whole(1_024, 2 ** 30).default(8 * 1_024 * 1_024),
  ),
  media_body_limit_bytes: honoured(
    "Largest request body, pictures and sounds included, on routes that take them; base64 makes a file a third larger.",
    whole(1_024, 2 ** 30).default(64 * 1_024 * 1_024),
  ),
  responses_store: honoured(
    "Where /v1/responses keeps responses, for previous_response_id and GET; off keeps none.",
    z.enum(["off", "memory", "disk"]).default("memory"),
  ),
  responses_store_path: honoured(
    "Folder for the responses, with responses_store disk; they are stored in plain text.",
    optional(folder()),
    { expects: "the path of a folder" },
  ),
  responses_store_count: honoured(
    "Maximum number of stored responses; the least recently used goes first.",
    whole(1, 1_000_000).default(1_000),
  ),
  responses_store_bytes: honoured(
    "Maximum total size of stored responses, in bytes.",
    whole(1_024, 2 ** 40).default(256 * 1_024 * 1_024),
  ),
  responses_store_seconds: honoured(
    "A stored response that has not been used for this long is deleted.",
    whole(1, 10 * 365 * 86_400).default(86_400),
  ),
};

/** How every program ends. */
export const graceSeconds = honoured(
  "How long running answers may take to finish after SIGTERM or Ctrl+C.",
  z.number().min(0).max(86_400).default(30),
);

/** The settings of the REST face as a process of its own: also where the service is, and how it ends. */
export const separateRestSettings = {
  ...restSettings,
  grace_seconds: graceSeconds,
  grpc_address: honoured("host:port of the gRPC service.", text().default("127.0.0.1:50051")),
  grpc_api_key: honoured("Key for calls to the gRPC service. Unset: the first of api_key, or none.", optional(text())),
  grpc_tls: honoured(
    "Call the gRPC service over TLS; without grpc_ca_certfile the system's authorities are trusted.",
    z.boolean().default(false),
  ),
  grpc_ca_certfile: honoured(
    "PEM file of the authorities that vouch for the gRPC service's certificate; implies grpc_tls.",
    optional(text()),
  ),
  grpc_server_name: honoured(
    "Name in the gRPC service's certificate, where it is not that of grpc_address; implies grpc_tls.",
    optional(text()),
  ),
};

export const shimSettingsSchema = z.object(honouredShape(restSettings));
export const separateShimSchema = z.object(honouredShape(separateRestSettings));

export type ShimSettings = z.output<typeof shimSettingsSchema>;
export type SeparateShimSettings = z.output<typeof separateShimSchema>;

/** What no single setting can say. Throws a sentence for the operator. */
export function checkShimSettings(settings: ShimSettings): void {
  if ((settings.ssl_keyfile === undefined) !== (settings.ssl_certfile === undefined)) {
    const missing = settings.ssl_keyfile === undefined ? "ssl_keyfile" : "ssl_certfile";
    throw new StartError(`${missing} is missing: HTTPS needs ssl_keyfile and ssl_certfile`);
  }
  if (settings.responses_store === "disk" && settings.responses_store_path === undefined) {
    throw new StartError("responses_store_path is missing: responses_store disk needs a folder");
  }
}
