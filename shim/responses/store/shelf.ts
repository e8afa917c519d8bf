/** Where texts are kept under ids; who keeps what, and how long, is the store's business. */
export interface Shelf {
  /** What was there when the program began. */
  load(): Promise<readonly { readonly id: string; readonly text: string; readonly usedAt: number }[]>;
  put(id: string, text: string): Promise<void>;
  get(id: string): Promise<string | undefined>;
  delete(id: string): Promise<void>;
}

/** A shelf that is gone with the process. */
export function createMemoryShelf(): Shelf {
  const texts = new Map<string, string>();
  return {
    load: async () => [],
    put: async (id, text) => void texts.set(id, text),
    get: async (id) => texts.get(id),
    delete: async (id) => void texts.delete(id),
  };
}
