import { ErrorReason, invalidParameter, RpcError } from "../../clients/errors.ts";
import { HttpError } from "../dialect/error-facts.ts";
import type { ShimSettings } from "../../settings/rest-settings.ts";
import { newId } from "./from-proto/response.ts";
import type { OutputItem } from "./from-proto/output-item.ts";
import type { InputTokensBody } from "./schema/response-request.ts";
import { BackgroundRuns } from "./store/background-runs.ts";
import { createDiskShelf } from "./store/disk-shelf.ts";
import { ResponseStore } from "./store/response-store.ts";
import { createMemoryShelf } from "./store/shelf.ts";
import type { StoredItem, StoredResponse } from "./store/stored-response.ts";
import type { PlacedItem, PlainItem } from "./to-proto/items.ts";

/** No conversation has a longer chain of responses. */
const maxChain = 2_000;

/** What is remembered between requests. */
export interface Library {
  /** undefined: nothing is stored. */
  readonly store: ResponseStore | undefined;
  readonly runs: BackgroundRuns;
}

export function createLibrary(settings: ShimSettings): Library {
  const limits = {
    maxCount: settings.responses_store_count,
    maxBytes: settings.responses_store_bytes,
    keepMs: settings.responses_store_seconds * 1_000,
  };
  const { responses_store: kind, responses_store_path: folder } = settings;
  const shelf = kind === "disk" && folder !== undefined ? createDiskShelf(folder) : createMemoryShelf();
  return { store: kind === "off" ? undefined : new ResponseStore(shelf, limits), runs: new BackgroundRuns() };
}

/** The stored response of that id. Throws a 404 for one that is not there for this caller. */
export async function requireStored({ store }: Library, caller: string, id: string): Promise<StoredResponse> {
  const stored = await store?.get(caller, id);
  if (stored === undefined) throw notFound(id);
  return stored;
}

export function notFound(id: string): HttpError {
  const shown = JSON.stringify(id.slice(0, 100));
  return new HttpError(
    404,
    "not_found",
    `response ${shown} is not here: it was not stored, was deleted, or is too old`,
  );
}

/** The items that a request is about: those of the responses before it, and its own, which get ids. */
export interface Gathered {
  readonly earlier: readonly PlacedItem[];
  readonly own: readonly (PlacedItem & { readonly item: StoredItem })[];
}

/** Looks up what the request refers to. Throws INVALID_PARAMETER for what is not there. */
export async function gatherItems(library: Library, caller: string, request: InputTokensBody): Promise<Gathered> {
  const { previous_response_id: previous, input } = request;
  const earlier = previous == null ? [] : await itemsBefore(library, caller, previous);
  const items = typeof input === "string" ? [userMessage(input)] : (input ?? []);
  const own: (PlacedItem & { readonly item: StoredItem })[] = [];
  for (const [index, item] of items.entries()) {
    const from = typeof input === "string" ? "input" : `input[${index}]`;
    const plain = item.type === "item_reference" ? await referredItem(library, caller, { id: item.id, from }) : item;
    own.push({ item: { ...plain, id: plain.id ?? newId("msg") }, from });
  }
  return { earlier, own };
}

function userMessage(content: string): PlainItem {
  return { type: "message", role: "user", content };
}

async function itemsBefore({ store }: Library, caller: string, last: string): Promise<PlacedItem[]> {
  const param = "previous_response_id";
  const chain: PlainItem[][] = [];
  for (let id: unknown = last; typeof id === "string";) {
    const stored = await store?.get(caller, id);
    if (stored === undefined) {
      const shown = JSON.stringify(id.slice(0, 100));
      throw invalidParameter(
        param,
        `${param}: response ${shown} is not here: it was not stored, was deleted, or is too old`,
      );
    }
    if (chain.length >= maxChain) throw invalidParameter(param, `${param}: there are more than ${maxChain} before it`);
    chain.push([...stored.input, ...stored.response.output.map(asInput)]);
    id = stored.response["previous_response_id"];
  }
  return chain.toReversed().flatMap((items) => items.map((item) => ({ item, from: param })));
}

async function referredItem(
  { store }: Library,
  caller: string,
  { id, from }: { readonly id: string; readonly from: string },
): Promise<PlainItem> {
  const stored = await store?.withItem(caller, id);
  const found =
    stored?.input.find((item) => item.id === id) ?? stored?.response.output.map(asInput).find((item) => item.id === id);
  if (found !== undefined) return found;
  const message = `${from}: no stored response has an item ${JSON.stringify(id.slice(0, 100))}`;
  throw new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: `${from}.id` });
}

/** An item of an output is one of an input: their fields are the same. */
function asInput(item: OutputItem): PlainItem {
  return item as unknown as PlainItem;
}
