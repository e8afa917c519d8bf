/** In front of what we made: what other servers made cannot be read here. */
const mark = "tw1.";

/**
 * Reasoning as `encrypted_content`, which clients that store nothing here send back. Nothing in it is secret: the client
 * is told the same reasoning beside it.
 */
export function sealReasoning(text: string): string {
  return mark + Buffer.from(text).toString("base64url");
}

/** What `sealReasoning` was given; undefined: it was not made here. */
export function openReasoning(sealed: string | null | undefined): string | undefined {
  if (!sealed?.startsWith(mark)) return undefined;
  return Buffer.from(sealed.slice(mark.length), "base64url").toString();
}
