import type { ShimContext, ShimHandler } from "../context.ts";
import { readWebFiles, sendWebFile, type WebFiles } from "../web-files.ts";

/** Nothing comes from elsewhere, nothing is sent elsewhere, and no page may put this one into a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface WebPage {
  /** Answers with a page of the build, `index.html`. */
  page(name: string): (ctx: ShimContext) => Promise<void>;
  /** What the pages load: everything under `/assets/`, and the icon. */
  readonly asset: ShimHandler;
}

/** The web page, as `npm start` and packaging build it. It is read when it is first asked for. */
export function createWebPage(read: () => WebFiles | undefined = readWebFiles): WebPage {
  let files: WebFiles | undefined;
  const find = (path: string) => (files ??= read())?.get(path);
  return {
    page: (name) => async (ctx) => {
      // Below a root path the page is /llm/: what it loads is beside it.
      const [asked = "/"] = ctx.originalUrl.split("?");
      if (ctx.path === "/" && !asked.endsWith("/")) {
        ctx.redirect(`${asked}/`);
        return;
      }
      ctx.set("content-security-policy", policy);
      ctx.set("referrer-policy", "no-referrer");
      const file = find(name);
      if (file === undefined) sayUnbuilt(ctx);
      else await sendWebFile(ctx, name, file);
    },
    asset: async (ctx) => {
      const path = ctx.path.slice(1);
      const file = find(path);
      if (file === undefined) ctx.status = 404;
      else await sendWebFile(ctx, path, file);
    },
  };
}

function sayUnbuilt(ctx: ShimContext): void {
  ctx.status = 503;
  ctx.type = "html";
  ctx.body =
    '<!doctype html><html lang="en"><title>Tokenwire</title><p>The web page was not built: run ' +
    '<code>npm run build:web</code> with the development dependencies installed. The API is described in <a href="openapi.json">openapi.json</a>.';
}
