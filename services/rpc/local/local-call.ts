import { EventEmitter } from "node:events";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import type { MessageSource } from "../../../clients/stream-reader.ts";
import type { ServerCall } from "../call/call-context.ts";
import type { MessageSink } from "../call/pump.ts";
import type { Reply } from "../call/running-call.ts";

export interface LocalCallOptions {
  readonly metadata: Metadata;
  /** In ms since 1970. */
  readonly deadline: number | undefined;
}

const cancelled: StatusObject = { code: GrpcStatus.CANCELLED, details: "the caller left", metadata: new Metadata() };

/** Messages that lie between the two ends at most: enough that neither waits for the other at each of them. */
const maxQueued = 16;

/**
 * A call between two parts of this process: the handler's end, as grpc-js has it, and the caller's, which reads its
 * messages. No socket, and no bytes, lie between them.
 */
export class LocalCall<T> extends EventEmitter implements ServerCall, MessageSink<T>, MessageSource, Reply {
  readonly metadata: Metadata;
  readonly #deadline: number | undefined;
  readonly #queue: { readonly message: T; readonly taken: () => void }[] = [];
  #ended = false;
  #over = false;

  constructor({ metadata, deadline }: LocalCallOptions) {
    super();
    this.metadata = metadata;
    this.#deadline = deadline;
  }

  getPeer(): string {
    return "in-process";
  }

  getDeadline(): number {
    return this.#deadline ?? Infinity;
  }

  /** The caller knows its own request id. */
  sendMetadata(): void {}

  write(message: T, taken: () => void = () => {}): boolean {
    this.#queue.push({ message, taken });
    this.emit("readable");
    return this.#queue.length < maxQueued;
  }

  succeed(): void {
    this.#ended = true;
    this.emit("end");
    if (this.#queue.length === 0) queueMicrotask(() => this.#finish());
  }

  fail(status: StatusObject): void {
    this.#ended = true;
    this.#queue.length = 0;
    this.emit("error", status);
    queueMicrotask(() => this.#finish());
  }

  read(): T | null {
    const next = this.#queue.shift();
    next?.taken();
    if (this.#queue.length === 0) {
      if (this.#ended) this.#finish();
      else this.emit("drain");
    }
    return next?.message ?? null;
  }

  /** The caller leaves; what waits for a message is told, as grpc-js does. */
  cancel(): void {
    this.#queue.length = 0;
    if (!this.#ended) this.emit("error", cancelled);
    this.#ended = true;
    this.#finish();
  }

  /** As grpc-js says `cancelled` at the end of every call. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.emit("cancelled");
  }
}
