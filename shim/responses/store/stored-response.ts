import type { ResponseEvent } from "../from-proto/response-events.ts";
import type { ResponseObject } from "../from-proto/response.ts";
import type { PlainItem } from "../to-proto/items.ts";

/** An item of a request, with the id by which it is listed. */
export type StoredItem = PlainItem & { readonly id: string };

/** A response as it is kept: with what it answered, so that another can go on from it. */
export interface StoredResponse {
  /** Who may read it. */
  readonly caller: string;
  readonly response: ResponseObject;
  /** The request's own items; those before them are the earlier responses'. */
  readonly input: readonly StoredItem[];
  /** Of a response that was made in the background: its stream, for those who come back to it. */
  readonly events?: readonly ResponseEvent[];
}
