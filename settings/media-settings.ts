import { z } from "zod";
import { whole } from "./kinds.ts";
import { honoured } from "./setting.ts";

const megabyte = 1024 * 1024;

/** What requests may hold of pictures and sounds, and where these may come from. */
export const mediaSettings = {
  media_url_hosts: honoured(
    'Hosts from which pictures and sounds are fetched when a request gives their http or https address, such as images.example.com, *.example.com, or "*" for all; empty: none, and requests hold the files themselves.',
    z.array(z.string().regex(/^(\*|(\*\.)?[\w.-]+|[\da-fA-F:.]+)$/)).default([]),
    { expects: "a list of hosts without ports, such as images.example.com or *.example.com" },
  ),
  media_url_private: honoured(
    "Also fetch from hosts of media_url_hosts with private addresses, such as this machine and the local network.",
    z.boolean().default(false),
  ),
  media_url_timeout_seconds: honoured(
    "Time limit for fetching one picture or sound, in seconds.",
    z.number().min(0.01).max(3_600).default(10),
  ),
  media_count: honoured("Maximum number of pictures and sounds in one request.", whole(0, 10_000).default(64)),
  media_bytes: honoured(
    "Maximum total size of the pictures and sounds of one request, in bytes.",
    whole(1_024, 2 ** 30).default(64 * megabyte),
  ),
  media_pixels: honoured(
    "Maximum number of pixels of all pictures of one request; each pixel takes three bytes of memory while it is processed.",
    whole(1).default(150_000_000),
  ),
  media_seconds: honoured(
    "Maximum total length of the sounds of one request, in seconds.",
    z.number().min(0.01).max(86_400).default(1_800),
  ),
  grpc_message_bytes: honoured(
    "Largest request over gRPC; pictures and sounds are in it.",
    whole(1_024).default(80 * megabyte),
  ),
};
