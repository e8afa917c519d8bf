import type { ServerSpec } from "../servers/server.ts";

/** Tokenwire and llama-server, alike. */
export function bothServers({
  threads,
  ...spec
}: Omit<ServerSpec, "kind" | "threads"> & { readonly threads?: number | undefined }): ServerSpec[] {
  const alike = { ...spec, ...(threads === undefined ? {} : { threads }) };
  return [
    { ...alike, kind: "tokenwire" },
    { ...alike, kind: "llama-server" },
  ];
}
