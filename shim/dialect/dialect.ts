import type { z } from "zod";
import type { CallOptions } from "../../clients/create-client.ts";
import type { ChatResponse } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CompleteResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { DialectDeps } from "./deps.ts";
import type { EndpointDocs } from "./docs/endpoint-docs.ts";
import type { ErrorFacts } from "./error-facts.ts";
import type { StreamFormat } from "./stream-format.ts";

/** Makes a dialect; to be listed in `shim/dialects.ts`, and known nowhere else. */
export type CreateDialect = (deps: DialectDeps) => Dialect;

/** One API that clients speak, as a translation to the service's calls. It knows of no other dialect, nor of HTTP's library. */
export interface Dialect {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** How the paths begin, without `/v1`, on which also what is not served is refused in this dialect's shape. */
  readonly owns: readonly string[];
  /** Whether a request with these headers is of this dialect, on a path that it shares with others. */
  readonly claims?: (header: (name: string) => string) => boolean;
  /** An error as an answer, or, within a stream, as its last value. */
  readonly error: (facts: ErrorFacts, requestId: string) => ErrorAnswer;
  /** What `GET /` says to clients of this dialect, who ask so whether somebody is there. */
  readonly greeting?: { readonly text: string; readonly isFor: (header: (name: string) => string) => boolean };
  /** What is under each heading of its endpoints, for the OpenAPI document, in the order of the headings. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What its errors look like, for the OpenAPI document; unset: as OpenAI's. */
  readonly errorSchema?: z.ZodType;
}

/** One thing that can be asked, and what its callers are told about it. */
export interface Endpoint extends EndpointDocs {
  /** Answers a request whose body has been checked by the schema. */
  readonly answer: (exchange: Exchange<never>) => Promise<Answer> | Answer;
  /** The service's refusal with its field named as the request has it; anything else as it is. */
  readonly explain?: (error: unknown, body: Readonly<Record<string, unknown>>) => unknown;
  /** Its body may hold pictures and sounds, so it may be larger. */
  readonly takesMedia?: true;
}

type BodyOf<S extends z.ZodObject | undefined> = S extends z.ZodObject ? z.infer<S> : undefined;

/** An endpoint whose `answer` gets what its `body` schema makes of a request. */
export function endpoint<const S extends z.ZodObject | undefined = undefined>(
  parts: Omit<Endpoint, "body" | "answer"> & {
    readonly body?: S;
    readonly answer: (exchange: Exchange<BodyOf<S>>) => Promise<Answer> | Answer;
  },
): Endpoint {
  return parts as Endpoint;
}

/** A request on its way through a dialect. */
export interface Exchange<Body = undefined> {
  readonly body: Body;
  /** The path's parameter by its name in the template; "" for none. */
  readonly param: (name: string) => string;
  /** A field of the query string; undefined where it is missing. */
  readonly query: (name: string) => string | undefined;
  /** "" where it is missing. */
  readonly header: (name: string) => string;
  readonly requestId: string;
  /** Tells apart callers with different keys; it is not the key. */
  readonly caller: string;
  /** How the service's calls are made: they end with the request. */
  readonly call: CallOptions & { readonly signal: AbortSignal };
  /** Names something that was accepted and has no effect in the `warning` header. Before the answer begins. */
  readonly warn: (...texts: readonly string[]) => void;
  /** What may be told of an error by an answer that has begun; it is logged, as what is thrown would be. */
  readonly facts: (error: unknown) => ErrorFacts;
  /** Hands a generation's events on, and notes for the access log who answers, when, and with how many tokens. */
  readonly noted: <T extends ChatResponse | CompleteResponse>(events: AsyncIterable<T>) => AsyncIterable<T>;
  /** The same for a call without a stream. */
  readonly note: (used: { readonly model: string; readonly promptTokens: number }) => void;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly body: object;
}

/** What goes back: one JSON value, a text, or values that become a stream as they come. */
export type Answer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string }
  | { readonly stream: AsyncIterable<unknown>; readonly format: StreamFormat };
