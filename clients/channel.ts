import { Channel as GrpcChannel, credentials, type ChannelOptions as GrpcOptions } from "@grpc/grpc-js";

/** A connection to one address that clients share. It connects with the first call and reconnects by itself. */
export interface Channel {
  readonly address: string;
  /** Calls that wait for a connection fail at once, running ones go on to their end; later calls are refused. */
  close(): void;
}

export interface ChannelOptions {
  /** Unset: no encryption. */
  readonly tls?: ChannelTls;
}

export interface ChannelTls {
  /** PEM of the authorities to trust; unset: those of the system. */
  readonly rootCerts?: Uint8Array;
  /** The name the server's certificate is for, when the address is dialled by another one. */
  readonly serverName?: string;
}

const megabyte = 1024 * 1024;

const defaults: GrpcOptions = {
  // The library stops at 4 MiB; 2048 embeddings of 4096 numbers, which one answer may have, take 32.
  "grpc.max_receive_message_length": 40 * megabyte,
  // A peer that vanished without a FIN is noticed within 40 s; the library's default is never.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // A worker that was restarted answers again within 50 ms of being there, not after the library's second.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 5_000,
  // Two channels to one address are two connections: a channel's state is its own worker's life.
  "grpc.use_local_subchannel_pool": 1,
  // Nothing but our config.ts files decides by the environment (the library would read http_proxy).
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_channelz": 0,
};

const roundRobin = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });

const grpcChannels = new WeakMap<Channel, GrpcChannel>();

/**
 * Opens a channel to `host:port`, `unix:/absolute/path` or `dns:///name:port` (then every address behind the name takes
 * its turn: replicas behind a headless service). Does not wait for a connection. The caller closes it.
 */
export function openChannel(address: string, options: ChannelOptions = {}): Channel {
  const { tls } = options;
  const grpc = new GrpcChannel(
    address,
    tls ? credentials.createSsl(tls.rootCerts ? Buffer.from(tls.rootCerts) : null) : credentials.createInsecure(),
    {
      ...defaults,
      ...(address.startsWith("dns:") && { "grpc.service_config": roundRobin }),
      ...(tls?.serverName !== undefined && { "grpc.ssl_target_name_override": tls.serverName }),
    },
  );
  const channel: Channel = { address, close: () => grpc.close() };
  grpcChannels.set(channel, grpc);
  return channel;
}

/** The library's channel inside one of ours: for create-client.ts alone. */
export function grpcChannelOf(channel: Channel): GrpcChannel {
  const grpc = grpcChannels.get(channel);
  if (!grpc) throw new TypeError("a channel comes from openChannel");
  return grpc;
}
