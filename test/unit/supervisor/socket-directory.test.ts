import { once } from "node:events";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeLeftBehind } from "../../../services/supervisor/socket-directory.ts";
import { temporaryFolder } from "../config/support.ts";

/** A directory as an hour ago, with a socket on which nobody listens any more, unless `alive`. */
async function directoryIn(parent: string, name: string, { alive = false } = {}) {
  const directory = join(parent, name);
  mkdirSync(directory);
  const server = createServer().listen(join(directory, "server.sock"));
  await once(server, "listening");
  const path = join(directory, "dead.sock");
  // Node removes the socket of a server that closes; a killed one's stays.
  const dead = createServer().listen(path);
  await once(dead, "listening");
  const handle = (dead as unknown as { _handle: { close(): void } })._handle;
  handle.close();
  if (!existsSync(path)) writeFileSync(path, "");
  if (!alive) server.close();
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(directory, hourAgo, hourAgo);
  return { directory, server };
}

test("what killed servers left behind is removed, and nothing else", async () => {
  using folder = temporaryFolder();
  const parent = folder.path;
  const dead = await directoryIn(parent, "tokenwire-AAAAAA");
  const alive = await directoryIn(parent, "tokenwire-BBBBBB", { alive: true });
  const others = ["tokenwire-cache-x", "other-AAAAAA"].map((name) => join(parent, name));
  for (const other of others) mkdirSync(other);
  const young = join(parent, "tokenwire-CCCCCC");
  mkdirSync(young);
  const strange = join(parent, "tokenwire-DDDDDD");
  mkdirSync(strange);
  writeFileSync(join(strange, "notes.txt"), "");
  utimesSync(strange, 0, 0);
  await removeLeftBehind(parent, Date.now());
  expect(existsSync(dead.directory)).toBe(false);
  for (const kept of [alive.directory, ...others, young, strange]) expect(existsSync(kept), kept).toBe(true);
  alive.server.close();
});
