import { Markup, type Value } from "./value.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

/** The text of a value, escaped for HTML unless the value is marked as that already. */
export function escapeHtml(value: Value, text: string): string {
  return value instanceof Markup ? text : text.replaceAll(/[&<>'"]/g, (char) => entities[char] ?? char);
}
