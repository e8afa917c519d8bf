import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ShimContext } from "./context.ts";

interface WebFile {
  readonly body: Buffer;
  readonly etag: string;
  gzipped?: Promise<Buffer>;
}

export type WebFiles = ReadonlyMap<string, WebFile>;

const compress = promisify(gzip);
/** Below this, compression saves no packet. */
const minGzipBytes = 1_400;
const aYearSeconds = 31_536_000;

/**
 * The files of the web page as it was built, by their path in it; undefined where it was not built. They are few and
 * small, so they are read at once: a request's path is then only looked up, and cannot lead elsewhere.
 */
export function readWebFiles(): WebFiles | undefined {
  // In the sources the build is in dist/; in the package this module is there itself.
  const folder = ["../dist/web/", "../web/"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(`${path}index.html`));
  if (folder === undefined) return undefined;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      const body = readFileSync(path);
      // Weak, since the file is sent compressed and not.
      const etag = `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
      return [path.slice(folder.length).replaceAll("\\", "/").replace(/^\//, ""), { body, etag }];
    }),
  );
}

/** Answers with a file: one whose name has its hash for ever, others until they change. */
export async function sendWebFile(ctx: ShimContext, path: string, file: WebFile): Promise<void> {
  ctx.type = extname(path);
  ctx.set("x-content-type-options", "nosniff");
  ctx.set("cache-control", path.startsWith("assets/") ? `public, max-age=${aYearSeconds}, immutable` : "no-cache");
  ctx.etag = file.etag;
  ctx.vary("accept-encoding");
  if (ctx.fresh) {
    ctx.status = 304;
  } else if (file.body.length >= minGzipBytes && ctx.acceptsEncodings("gzip", "identity") === "gzip") {
    file.gzipped ??= compress(file.body);
    ctx.set("content-encoding", "gzip");
    ctx.body = await file.gzipped;
  } else {
    ctx.body = file.body;
  }
}
