const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A new id for a tool call: `call_` and 24 random letters and digits, as OpenAI's. */
export function createCallId(): string {
  let id = "call_";
  for (const byte of crypto.getRandomValues(new Uint8Array(24))) id += letters[byte % letters.length] ?? "";
  return id;
}
