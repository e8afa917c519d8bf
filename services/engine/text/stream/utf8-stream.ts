/** Turns the bytes of successive tokens into text, of which every piece is whole characters. */
export interface Utf8Stream {
  /** The characters that `bytes` complete; the bytes of an unfinished one wait for the next call. Invalid bytes become U+FFFD. */
  push(bytes: Uint8Array): string;
  /** What is left: U+FFFD when the text ended within a character, else "". The stream can then be used anew. */
  end(): string;
}

/** The concatenation of what it returns is the WHATWG decoding of all bytes together, however they are cut. */
export function createUtf8Stream(): Utf8Stream {
  // ignoreBOM: a model that writes U+FEFF means it.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const streaming = { stream: true };
  // Only a text that contained a non-ASCII byte can leave something waiting in the decoder.
  let mayWait = false;
  return {
    push(bytes) {
      if (!mayWait && isAscii(bytes)) return asciiText(bytes);
      const text = decoder.decode(bytes, streaming);
      // A last byte below 0x80 ends whatever stood before it.
      if (bytes.length > 0) mayWait = (bytes[bytes.length - 1] ?? 0) >= 0x80;
      return text;
    },
    end() {
      if (!mayWait) return "";
      mayWait = false;
      return decoder.decode();
    },
  };
}

function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

// Nearly all tokens are a few ASCII bytes; a call of the decoder costs several times this.
function asciiText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
