import type { Shelf } from "./shelf.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface StoreLimits {
  readonly maxCount: number;
  readonly maxBytes: number;
  /** A response that nobody has used for so long is forgotten. */
  readonly keepMs: number;
}

interface Entry {
  readonly caller: string;
  readonly bytes: number;
  /** Ids of the items in it, for references. */
  readonly items: readonly string[];
  usedAt: number;
}

/**
 * Responses on a shelf, within limits: those that were used longest ago leave first. What one caller has stored is not
 * there for another.
 */
export class ResponseStore {
  readonly #shelf: Shelf;
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  readonly #loaded: Promise<void>;

  constructor(shelf: Shelf, limits: StoreLimits, now: () => number = Date.now) {
    this.#shelf = shelf;
    this.#limits = limits;
    this.#now = now;
    this.#loaded = this.#load();
    // Told to those who ask for something.
    this.#loaded.catch(() => {});
  }

  /** Rejects when the shelf cannot take it: a full disk. One that is larger than all the room there is, is not kept: false. */
  async put(stored: StoredResponse): Promise<boolean> {
    await this.#loaded;
    const { id } = stored.response;
    const text = JSON.stringify(stored);
    if (Buffer.byteLength(text) > this.#limits.maxBytes) return false;
    await this.#shelf.put(id, text);
    this.#enter(id, stored, { text, usedAt: this.#now() });
    await this.#makeRoom();
    return true;
  }

  /** The response of that id, if this caller has stored it. Counts as a use. */
  async get(caller: string, id: string): Promise<StoredResponse | undefined> {
    await this.#loaded;
    await this.#makeRoom();
    const entry = this.#entries.get(id);
    if (entry?.caller !== caller) return undefined;
    entry.usedAt = this.#now();
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const text = await this.#shelf.get(id);
    // Somebody may have emptied the folder.
    return text === undefined ? undefined : (JSON.parse(text) as StoredResponse);
  }

  /** Whether there was one to delete. */
  async delete(caller: string, id: string): Promise<boolean> {
    await this.#loaded;
    if (this.#entries.get(id)?.caller !== caller) return false;
    await this.#forget(id);
    return true;
  }

  /** The response that has an item of that id. */
  async withItem(caller: string, itemId: string): Promise<StoredResponse | undefined> {
    await this.#loaded;
    for (const [id, entry] of this.#entries) {
      if (entry.caller === caller && entry.items.includes(itemId)) return this.get(caller, id);
    }
    return undefined;
  }

  async #load(): Promise<void> {
    for (const { id, text, usedAt } of await this.#shelf.load()) {
      try {
        this.#enter(id, JSON.parse(text) as StoredResponse, { text, usedAt });
      } catch {
        // A file of somebody else's is left alone.
      }
    }
    await this.#makeRoom();
  }

  #enter(
    id: string,
    stored: StoredResponse,
    { text, usedAt }: { readonly text: string; readonly usedAt: number },
  ): void {
    this.#drop(id);
    const items = [...stored.input, ...stored.response.output].map((item) => item.id);
    const bytes = Buffer.byteLength(text);
    this.#entries.set(id, { caller: stored.caller, bytes, items, usedAt });
    this.#bytes += bytes;
  }

  #drop(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }

  async #makeRoom(): Promise<void> {
    const { maxCount, maxBytes, keepMs } = this.#limits;
    for (const [id, { usedAt }] of this.#entries) {
      const isOver = this.#entries.size > maxCount || this.#bytes > maxBytes || usedAt + keepMs < this.#now();
      if (!isOver) return;
      await this.#forget(id);
    }
  }

  async #forget(id: string): Promise<void> {
    this.#drop(id);
    await this.#shelf.delete(id);
  }
}
