const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A token's piece as llama-server writes it: its text, or its bytes where they are not whole characters. */
export function pieceFromProto(bytes: Uint8Array): string | number[] {
  try {
    return strict.decode(bytes);
  } catch {
    return [...bytes];
  }
}
