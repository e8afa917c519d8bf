import { computed, signal } from "@preact/signals";
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { noSettings } from "./chat-settings.ts";
import { type Conversation, withoutUnfinished } from "./conversation.ts";

interface Schema extends DBSchema {
  conversations: { key: string; value: Conversation };
}

const version = 1;
/** A streaming answer changes often; what a crash of the browser may cost is this much of it. */
const saveDelayMs = 500;

const byId = signal<ReadonlyMap<string, Conversation>>(new Map());
let database: IDBPDatabase<Schema> | undefined;
const unsaved = new Set<string>();
let saveTimer: ReturnType<typeof setTimeout> | undefined;

/** All conversations of this browser with this server, the latest first. */
export const conversations = computed(() => [...byId.value.values()].sort((a, b) => b.updatedAt - a.updatedAt));

/** Reads what the browser keeps. Where it keeps nothing (a private window may not), conversations last as long as the page. */
export async function loadConversations(): Promise<void> {
  try {
    database = await openDB<Schema>("tokenwire", version, {
      upgrade: (db) => void db.createObjectStore("conversations", { keyPath: "id" }),
    });
    const kept = await database.getAll("conversations");
    byId.value = new Map(kept.map((conversation) => [conversation.id, withoutUnfinished(conversation)]));
  } catch (error) {
    console.warn("conversations are not kept:", error);
  }
  addEventListener("pagehide", () => void saveConversations());
}

export function findConversation(id: string): Conversation | undefined {
  return byId.value.get(id);
}

/** Adds an empty conversation. */
export function createConversation(model: string | undefined, settings = noSettings): Conversation {
  const conversation: Conversation = {
    id: newId(),
    title: "",
    updatedAt: Date.now(),
    model,
    settings,
    messages: {},
    leaf: undefined,
  };
  keep(conversation);
  return conversation;
}

/** Replaces a conversation by a changed one, unless it was deleted meanwhile. */
export function changeConversation(id: string, change: (conversation: Conversation) => Conversation): void {
  const conversation = byId.value.get(id);
  if (conversation !== undefined) keep(change(conversation));
}

export function deleteConversation(id: string): void {
  const rest = new Map(byId.value);
  rest.delete(id);
  byId.value = rest;
  unsaved.delete(id);
  void database?.delete("conversations", id);
}

export function newId(): string {
  // randomUUID is there on secure origins alone, and a server at home has none.
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keep(conversation: Conversation): void {
  byId.value = new Map(byId.value).set(conversation.id, conversation);
  unsaved.add(conversation.id);
  saveTimer ??= setTimeout(() => void saveConversations(), saveDelayMs);
}

/** Saves what has changed at once, as when an answer has ended. */
export async function saveConversations(): Promise<void> {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  const changed = [...unsaved].flatMap((id) => byId.value.get(id) ?? []);
  unsaved.clear();
  if (database === undefined || changed.length === 0) return;
  try {
    const transaction = database.transaction("conversations", "readwrite");
    for (const conversation of changed) void transaction.store.put(conversation);
    // The page may be gone before the transaction would commit by itself.
    transaction.commit();
    await transaction.done;
  } catch (error) {
    console.warn("conversations could not be saved:", error);
  }
}
