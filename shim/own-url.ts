import type { ShimSettings } from "../settings/rest-settings.ts";
import type { ShimContext } from "./context.ts";

/**
 * This server's address as the caller sees it, root path included: by the request's Host, which goes through proxies.
 * Without one that an address can be made of (HTTP/1.0 needs none) by the socket that the request came in by.
 */
export function ownUrl(ctx: ShimContext, { root_path: rootPath }: Pick<ShimSettings, "root_path">): string {
  const byHost = `${ctx.protocol}://${ctx.host}`;
  if (URL.canParse(byHost)) return byHost + rootPath;
  const { localAddress = "localhost", localPort } = ctx.req.socket;
  const host = localAddress.includes(":") ? `[${localAddress}]` : localAddress;
  return `${ctx.protocol}://${host}:${localPort}${rootPath}`;
}
