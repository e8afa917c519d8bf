// Proxies refuse header blocks of 8 KiB; a list of strange fields must not come near that.
const maxHeaderLength = 4_096;
const maxNameLength = 64;

/**
 * The texts as one `warning` header (RFC 7234, 5.5: code 299, agent `-`, quoted text), or undefined for none. ASCII
 * only; what does not fit is counted, not sent.
 */
export function formatWarnings(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  const shown: string[] = [];
  let length = 0;
  for (const text of texts) {
    const value = `299 - ${quote(text)}`;
    if (length + value.length > maxHeaderLength) break;
    shown.push(value);
    length += value.length + 2;
  }
  const hidden = texts.length - shown.length;
  if (hidden > 0) shown.push(`299 - "and ${hidden} more"`);
  return shown.join(", ");
}

/** A field's name as a warning shows it: quoted, cut when it is long. */
export function quoteName(name: string): string {
  return `"${name.length > maxNameLength ? `${name.slice(0, maxNameLength)}...` : name}"`;
}

function quote(text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${ascii.replace(/["\\]/g, "\\$&")}"`;
}
