import { signal } from "@preact/signals";
import type { HLJSApi } from "highlight.js";

const highlighter = signal<HLJSApi | undefined>(undefined);
let isLoading = false;

/** Beyond this, colours cost more than they help. */
const maxLength = 50_000;

/**
 * Code as HTML with the classes of highlight.js; plain until that has been loaded, which the first code asks for. Reads
 * a signal, so that whoever shows code shows it again then.
 */
export function highlight(code: string, language: string): string {
  loadOnce();
  const hljs = highlighter.value;
  if (hljs?.getLanguage(language) === undefined || code.length > maxLength) return escapeHtml(code);
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

function loadOnce(): void {
  if (isLoading) return;
  isLoading = true;
  void import("highlight.js/lib/common").then((module) => (highlighter.value = module.default));
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
