import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux refuses longer unix socket paths (107 bytes and a NUL); macOS has 104, which the longest of ours stays under too. */
const maxSocketPathBytes = 103;
/** What `path` below and mkdtemp add to the temporary directory: `/tokenwire-XXXXXX/999-999999.sock`. */
const ourBytes = 34;
const prefix = "tokenwire-";
/** A directory that is younger may be of a server that is just starting. */
const minAgeMs = 60_000;

/** A directory of this run for its sockets. Only this user can enter it, which is the sockets' access control. */
export interface SocketDirectory extends Disposable {
  /** The socket of the `life`-th process of the `index`-th model: never used twice, so a late connection meets nobody. */
  path(index: number, life: number): string;
  /** Deletes it and what is left in it. */
  [Symbol.dispose](): void;
}

/** Makes the directory, with a socket that answers as long as we are there, and removes those of servers that are not. */
export async function createSocketDirectory(): Promise<SocketDirectory> {
  const parent = Buffer.byteLength(tmpdir()) + ourBytes <= maxSocketPathBytes ? tmpdir() : "/tmp";
  // mkdtemp gives mode 0700.
  const directory = mkdtempSync(join(parent, prefix));
  const sign = createServer((socket) => socket.destroy()).listen(join(directory, "server.sock"));
  await once(sign, "listening");
  sign.unref();
  void removeLeftBehind(parent, Date.now());
  return {
    path: (index, life) => join(directory, `${index}-${life}.sock`),
    [Symbol.dispose]: () => {
      sign.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Removes the directories of servers that were killed together with their workers, who would have done it. What is
 * another user's, or belongs to a server of another container that shares the directory, stays. Never rejects.
 */
export async function removeLeftBehind(parent: string, nowMs: number): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const ours = names.filter((name) => name.startsWith(prefix) && name.length === prefix.length + 6);
  await Promise.all(
    ours.map(async (name) => {
      const directory = join(parent, name);
      if (await isLeftBehind(directory, nowMs).catch(() => false))
        await rm(directory, { recursive: true, force: true });
    }),
  ).catch(() => {});
}

async function isLeftBehind(directory: string, nowMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(directory);
  if (nowMs - mtimeMs < minAgeMs) return false;
  const names = await readdir(directory);
  if (!names.every((name) => name.endsWith(".sock"))) return false;
  const answers = await Promise.all(names.map((name) => isAnswered(join(directory, name))));
  return !answers.includes(true);
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path, () => resolve(true));
  // Refused: nobody listens any more. Anything else says nothing of that.
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  return promise.finally(() => socket.destroy());
}
