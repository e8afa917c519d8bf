import { InferenceService } from "../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService } from "../proto/gen/tokenwire/v1/models_pb.ts";
import { openChannel, type ChannelOptions } from "./channel.ts";
import { createClient, type Client, type ClientOptions } from "./create-client.ts";

/** Everything a Tokenwire server offers, over one connection. */
export interface TokenwireClient {
  readonly inference: Client<typeof InferenceService>;
  readonly models: Client<typeof ModelService>;
  /** Refuses later calls; running ones go on to their end. */
  close(): void;
}

export interface TokenwireClientOptions extends ChannelOptions, ClientOptions {}

/**
 * Makes a client of the server at `host:port`, `unix:/absolute/path` or `dns:///name:port` (every address behind the
 * name takes its turn). It connects with the first call.
 *
 * @example
 * const client = createTokenwireClient("localhost:50051");
 * for await (const event of client.inference.chat({ messages })) if (event.event.case === "text") print(event.event.value.text);
 */
export function createTokenwireClient(address: string, options: TokenwireClientOptions = {}): TokenwireClient {
  const channel = openChannel(address, options);
  return {
    inference: createClient(InferenceService, channel, options),
    models: createClient(ModelService, channel, options),
    close: () => channel.close(),
  };
}
