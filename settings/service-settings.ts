import { z } from "zod";
import { amountPattern, devicePattern } from "../services/memory/memory-limit.ts";
import { folder, optional, text, whole } from "./kinds.ts";
import { mediaSettings } from "./media-settings.ts";
import { graceSeconds } from "./rest-settings.ts";
import { honoured } from "./setting.ts";

export const logLevels = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/** The settings of the gRPC service as a whole. */
export const serviceSettings = {
  grpc_host: honoured(
    "Address on which gRPC listens; 0.0.0.0 is every IPv4 interface, :: every interface.",
    text().default("127.0.0.1"),
  ),
  grpc_port: honoured("Port on which gRPC listens; 0 picks any free port.", whole(0, 65535).default(50051)),
  max_queue: honoured(
    "Maximum number of requests waiting for one model; further ones are refused as overloaded.",
    whole(0, 1_000_000).default(256),
  ),
  grace_seconds: graceSeconds,
  grpc_stall_timeout_seconds: honoured(
    "A gRPC caller that reads no message of its stream for this long is cut off. Make it longer than stall_timeout_seconds where the REST face is a separate process, because that reads as slowly as its own clients.",
    z.number().min(0.01).max(86_400).default(120),
  ),
  unknown_model: honoured(
    "How to answer a request for a model that is not configured: error (404), or default (the first model answers).",
    z.enum(["error", "default"]).default("error"),
  ),
  model_aliases: honoured(
    'Other names for configured models, in which * stands for any text, such as {"claude-*": "my-model"}: for clients that insist on names of their own. The first match counts.',
    z.record(z.string().min(1), text()).default({}),
    { expects: 'an object from names to configured models, such as {"gpt-*": "my-model"}' },
  ),
  models_dir: honoured(
    "Folder whose GGUF files are served too, each under its name; the folder is watched, and pulled models are stored there. Unset: pulled models go to ~/.cache/tokenwire/models.",
    optional(folder()),
    { expects: "the path of a folder" },
  ),
  watch: honoured(
    "Read the config file again when it changes, as SIGHUP always does: new models are added, changed ones are replaced once they are idle, and missing ones are removed.",
    z.boolean().default(false),
  ),
  manage_models: honoured(
    "Whether callers may load, unload, pull and delete models: true, false, or auto, which allows it where callers need a key or only this machine can reach the server.",
    z.union([z.boolean(), z.literal("auto")]).default("auto"),
  ),
  memory_limit: honoured(
    'How much memory all models together may use: an amount or a share of each device that they are placed on (the GPUs, or RAM where there is none), or by device, such as {"GPU0": "20GB", "RAM": "50%"}. Unset: what is free.',
    optional(
      z.union([
        z.string().regex(amountPattern),
        z.record(z.string().regex(devicePattern), z.string().regex(amountPattern)),
      ]),
    ),
    { expects: 'an amount such as "20GB" or "80%", or an object such as {"GPU0": "20GB", "RAM": "50%"}' },
  ),
  switch_after_seconds: honoured(
    "When models do not fit together: how long a model in use goes on being served while requests wait for another one.",
    z.number().min(0).max(86_400).default(5),
  ),
  switch_after_requests: honoured(
    "The same as a number of requests; whichever limit comes first ends its turn.",
    whole(1, 1_000_000).default(32),
  ),
  log_level: honoured("How much is logged (to stderr).", z.enum(logLevels).default("info")),
  log_format: honoured(
    "Format of the log: text (a line for people), json (a line for machines), or auto (text on a terminal, json elsewhere).",
    z.enum(["auto", "text", "json"]).default("auto"),
  ),
  interrupt_requests: honoured(
    "A new chat or completion request ends the running event streams of its model early, with finish_reason length; other requests run to their end. Otherwise all requests run side by side.",
    z.boolean().default(false),
    { replaced: { was: true } },
  ),
  ...mediaSettings,
};
