const prefix = "tokenwire.";

/** A small thing that the browser remembers for this server; undefined where it remembers nothing. */
export function readText(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The same for one of several words; a word that is no longer among them is forgotten. */
export function readStored<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
  const text = readText(name);
  return words.find((word) => word === text);
}

/** Remembers a text; an empty one is forgotten. Does nothing where the browser forbids it. */
export function store(name: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, text);
  } catch {
    // Private windows may forbid it: the choice then lasts as long as the page.
  }
}
