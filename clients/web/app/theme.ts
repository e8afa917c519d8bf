import { signal } from "@preact/signals";
import { readStored, store } from "./stored.ts";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** The colours that were chosen; auto: the system's. */
export const theme = signal<Theme>(readStored("theme", themes) ?? "auto");

/** Shows and remembers a choice; without one, what is remembered. */
export function applyTheme(chosen: Theme = theme.value): void {
  theme.value = chosen;
  store("theme", chosen);
  const root = document.documentElement;
  if (chosen === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = chosen;
}
