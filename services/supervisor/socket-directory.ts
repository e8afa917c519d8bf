import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux refuses longer unix socket paths (107 bytes and a NUL); macOS has 104, which the longest of ours stays under too. */
const maxSocketPathBytes = 103;
/** What `path` below and mkdtemp add to the temporary directory: `/tokenwire-XXXXXX/999-999999.sock`. */
const ourBytes = 34;

/** A directory of this run for its sockets. Only this user can enter it, which is the sockets' access control. */
export interface SocketDirectory extends Disposable {
  /** The socket of the `life`-th process of the `index`-th model: never used twice, so a late connection meets nobody. */
  path(index: number, life: number): string;
  /** Deletes it and what is left in it. */
  [Symbol.dispose](): void;
}

export function createSocketDirectory(): SocketDirectory {
  const parent = Buffer.byteLength(tmpdir()) + ourBytes <= maxSocketPathBytes ? tmpdir() : "/tmp";
  // mkdtemp gives mode 0700.
  const directory = mkdtempSync(join(parent, "tokenwire-"));
  return {
    path: (index, life) => join(directory, `${index}-${life}.sock`),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
