import { once } from "node:events";
import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";

/** The shortest sun_path among our platforms (macOS), less the byte that ends it. */
const maxPathBytes = 103;

/**
 * Makes way for a server on `unix:/path`: removes the socket file that a killed one left behind. Throws when a server
 * still answers there, and when the path is too long for a socket. Any other address is left alone.
 */
export async function removeStaleSocket(address: string): Promise<void> {
  if (!address.startsWith("unix:")) return;
  const path = address.slice("unix:".length);
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new Error(`the socket path ${path} is longer than the ${maxPathBytes} bytes that the system allows`);
  }
  const file = await lstat(path).catch(() => undefined);
  // Anything but a socket is somebody's file: bind reports it.
  if (!file?.isSocket()) return;
  const socket = connect(path);
  try {
    await once(socket, "connect");
  } catch (error) {
    // EACCES and the like are bind's to report.
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") await unlink(path);
    return;
  } finally {
    socket.destroy();
  }
  throw new Error(`another server is listening on ${address}`);
}
