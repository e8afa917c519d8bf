import { connect, type Socket } from "node:net";
import { ResponseParser, type ResponseHead } from "./response-parser.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Exchange {
  readonly message: Buffer;
  readonly onBody: (piece: Buffer) => void;
  readonly resolve: (head: ResponseHead) => void;
  readonly reject: (error: unknown) => void;
  /** Whether the response has begun: before, the request may be sent again. */
  begun: boolean;
  tries: number;
}

/** A kept HTTP/1.1 connection that carries one request at a time, and is opened again when the server has closed it. */
export class Connection {
  readonly #target: Target;
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Resolves at the end of the response; its body has gone to `onBody` by then. */
  post(request: { readonly path: string; readonly body: string }, onBody: (piece: Buffer) => void) {
    const { host, port } = this.#target;
    const body = Buffer.from(request.body);
    const head = `POST ${request.path} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const message = Buffer.concat([Buffer.from(head, "latin1"), body]);
    return new Promise<ResponseHead>((resolve, reject) => {
      this.#send({ message, onBody, resolve, reject, begun: false, tries: 0 });
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #send(exchange: Exchange): void {
    exchange.tries++;
    this.#exchange = exchange;
    this.#socket ??= this.#open();
    this.#socket.write(exchange.message);
  }

  #open(): Socket {
    const socket = connect({ ...this.#target, noDelay: true });
    const parser = new ResponseParser(
      (piece) => this.#exchange?.onBody(piece),
      (head) => {
        if (head.closes) this.close();
        const done = this.#exchange;
        this.#exchange = undefined;
        done?.resolve(head);
      },
    );
    socket.on("data", (bytes: Buffer) => {
      if (this.#exchange !== undefined) this.#exchange.begun = true;
      try {
        parser.push(bytes);
      } catch (error) {
        this.#fail(socket, error);
      }
    });
    socket.on("error", (error) => this.#fail(socket, error));
    socket.on("close", () => this.#fail(socket, new Error("the server closed the connection")));
    return socket;
  }

  #fail(socket: Socket, error: unknown): void {
    if (socket !== this.#socket) return;
    this.close();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    // A server may close a kept connection just when it is used again.
    if (!exchange.begun && exchange.tries < 3) this.#send(exchange);
    else exchange.reject(error);
  }
}
