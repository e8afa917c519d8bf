type State = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer";

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number;
  /** The server closes the connection after this response. */
  readonly closes: boolean;
}

/**
 * Reads HTTP/1.1 responses from the bytes of a connection: enough of the protocol for the servers that are measured
 * (a length or chunks), and as little work for each piece as there can be, since what measures shares the cores with
 * what is measured. Throws on anything else.
 */
export class ResponseParser {
  #state: State = "head";
  #held = "";
  #left = 0;
  #head: ResponseHead = { status: 0, closes: false };
  readonly #onBody: (piece: Buffer) => void;
  readonly #onEnd: (head: ResponseHead) => void;

  /** `onBody` gets views on what was read: what is kept must be copied. */
  constructor(onBody: (piece: Buffer) => void, onEnd: (head: ResponseHead) => void) {
    this.#onBody = onBody;
    this.#onEnd = onEnd;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at);
      case "length":
      case "chunk": {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        this.#onBody(bytes.subarray(at, end));
        if (this.#left > 0) return end;
        if (this.#state === "length") this.#end();
        else this.#state = "chunk-end";
        return end;
      }
      case "chunk-size":
        return this.#readLine(bytes, at, (line) => {
          this.#left = Number.parseInt(line, 16);
          if (Number.isNaN(this.#left)) throw new Error(`not the size of a chunk: ${line}`);
          this.#state = this.#left === 0 ? "trailer" : "chunk";
        });
      case "chunk-end":
        return this.#readLine(bytes, at, () => (this.#state = "chunk-size"));
      case "trailer":
        return this.#readLine(bytes, at, (line) => line === "" && this.#end());
    }
  }

  #readLine(bytes: Buffer, at: number, take: (line: string) => void): number {
    const end = bytes.indexOf(10, at);
    if (end < 0) {
      this.#held += bytes.toString("latin1", at);
      return bytes.length;
    }
    const line = (this.#held + bytes.toString("latin1", at, end)).trimEnd();
    this.#held = "";
    take(line);
    return end + 1;
  }

  #readHead(bytes: Buffer, at: number): number {
    const before = this.#held.length;
    const text = this.#held + bytes.toString("latin1", at);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#held = text;
      return bytes.length;
    }
    this.#held = "";
    const head = text.slice(0, end).toLowerCase();
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    this.#head = { status: Number(head.slice(9, 12)), closes: head.includes("\r\nconnection: close") };
    if (head.includes("\r\ntransfer-encoding: chunked")) this.#state = "chunk-size";
    else if (length === undefined) throw new Error(`a response with neither length nor chunks: ${head}`);
    else if (length === "0") this.#end();
    else {
      this.#left = Number(length);
      this.#state = "length";
    }
    return at + end + 4 - before;
  }

  #end(): void {
    this.#state = "head";
    this.#onEnd(this.#head);
  }
}
