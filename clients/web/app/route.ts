import { computed, signal } from "@preact/signals";

export type Page = "chat" | "models" | "requests";

export interface Route {
  readonly page: Page;
  /** The open conversation; undefined: a new one. */
  readonly conversation?: string;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

/** Where the reader is, as the address says after `#`: `#/chat/ID`, `#/models`, `#/requests`. */
export const route = computed<Route>(() => parseRoute(hash.value));

/** Reads what follows `#`; anything unknown is a new conversation. */
export function parseRoute(text: string): Route {
  const [, page, id] = text.split("/");
  if (page === "models" || page === "requests") return { page };
  return id === undefined || id === "" ? { page: "chat" } : { page: "chat", conversation: id };
}

export function linkTo({ page, conversation }: Route): string {
  return conversation === undefined ? `#/${page}` : `#/${page}/${conversation}`;
}

/** Goes there; `replace` leaves no step behind for the back button. */
export function goTo(target: Route, options: { readonly replace?: boolean } = {}): void {
  const link = linkTo(target);
  if (options.replace) history.replaceState(null, "", link);
  else history.pushState(null, "", link);
  hash.value = link;
}
