import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type Settings,
} from "node:http2";

/** A gRPC frame: compressed flag, length, message. */
export function frame(message: Uint8Array, { compressed = 0, length = message.byteLength } = {}): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(compressed, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, message]);
}

export const emptyMessage = frame(Buffer.alloc(0));

export interface RawAnswer {
  readonly httpStatus: unknown;
  readonly grpcStatus: unknown;
  readonly resetCode: number | undefined;
}

/** Sends one request as bytes and waits for the end of its stream. */
export async function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body = emptyMessage,
): Promise<RawAnswer> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/tokenwire.v1.InferenceService/Tokenize",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let answered: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (received: IncomingHttpHeaders) => void (answered = received));
  stream.on("trailers", (received: IncomingHttpHeaders) => void (trailers = received));
  stream.on("error", () => {});
  stream.resume();
  stream.end(body);
  await new Promise((resolve) => stream.once("close", resolve));
  return {
    httpStatus: answered[":status"],
    grpcStatus: trailers["grpc-status"] ?? answered["grpc-status"],
    resetCode: stream.rstCode,
  };
}

/** An HTTP/2 connection for as long as `work` takes. */
export async function withSession(
  address: string,
  work: (session: ClientHttp2Session) => Promise<void>,
  settings: Settings = {},
): Promise<void> {
  const session = connect(`http://${address}`, { settings });
  session.on("error", () => {});
  try {
    await work(session);
  } finally {
    session.destroy();
  }
}
