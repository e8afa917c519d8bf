import { computed, signal } from "@preact/signals";
import { readStored, store } from "../app/stored.ts";
import { en } from "./en.ts";
import { ja } from "./ja.ts";
import type { Texts } from "./texts.ts";

export const languages = ["en", "ja"] as const;
export type Language = (typeof languages)[number];

const tables: Readonly<Record<Language, Texts>> = { en, ja };

/** The language that was chosen, else the first of the browser's that is here. */
export const language = signal<Language>(readStored("language", languages) ?? browserLanguage());

/** What the page says, in that language: `t.value.send`. */
export const t = computed(() => tables[language.value]);

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  store("language", chosen);
}

function browserLanguage(): Language {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
  return languages.find((code) => code === wanted.find((tag) => languages.some((known) => known === tag))) ?? "en";
}
