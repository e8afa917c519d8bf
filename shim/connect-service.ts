import { readFileSync } from "node:fs";
import { StartError } from "../config/config-error.ts";
import type { ChannelTls } from "../clients/channel.ts";
import { createTokenwireClient, type TokenwireClient } from "../clients/tokenwire-client.ts";
import type { SeparateShimSettings } from "../settings/rest-settings.ts";

/** The client of the gRPC service that the settings name, with its key and TLS. Throws a sentence for the operator. */
export function connectService(settings: SeparateShimSettings): TokenwireClient {
  const { grpc_address: address, grpc_api_key: ownKey, api_key: keys = [] } = settings;
  const key = ownKey ?? keys[0];
  const tls = channelTls(settings);
  return createTokenwireClient(address, {
    // The service's callers are the shims: who calls a shim is the shim's to check.
    ...(key !== undefined && { metadata: { authorization: `Bearer ${key}` } }),
    ...(tls && { tls }),
  });
}

function channelTls({ grpc_tls, grpc_ca_certfile, grpc_server_name }: SeparateShimSettings): ChannelTls | undefined {
  if (!grpc_tls && grpc_ca_certfile === undefined && grpc_server_name === undefined) return undefined;
  return {
    ...(grpc_ca_certfile !== undefined && { rootCerts: readAuthorities(grpc_ca_certfile) }),
    ...(grpc_server_name !== undefined && { serverName: grpc_server_name }),
  };
}

function readAuthorities(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartError(`grpc_ca_certfile: ${file} cannot be read`, { cause: error });
  }
}
