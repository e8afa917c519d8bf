import { RpcError } from "../../../clients/errors.ts";

/** The service's refusal with its field under another name; anything else as it is. */
export function renameParam(error: unknown, rename: (param: string) => string): unknown {
  if (!(error instanceof RpcError) || error.param === undefined) return error;
  const param = rename(error.param);
  if (param === error.param) return error;
  // Many messages begin with the field that they are about.
  const message = error.message.startsWith(`${error.param} `)
    ? param + error.message.slice(error.param.length)
    : error.message;
  return new RpcError(error.reason, message, {
    param,
    cause: error.cause,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  });
}

/** A service's name under a dialect's own, by the first row whose left side is it or the beginning of its path. */
export function renamePath(param: string, rows: readonly (readonly [service: string, own: string])[]): string {
  const row = rows.find(([service]) => param.startsWith(service) && /^($|[.[])/.test(param.slice(service.length)));
  return row === undefined ? param : row[1] + param.slice(row[0].length);
}
