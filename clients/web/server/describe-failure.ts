import { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "../../trpc/router.ts";

/** Why a call failed, as far as the page treats failures differently. */
export type Failure =
  | { readonly kind: "locked" }
  /** The server could not be reached, or went away in the middle of its answer. */
  | { readonly kind: "lost" }
  /** The server said no, in its own words. */
  | { readonly kind: "refused"; readonly message: string; readonly param?: string };

const unauthorized = 401;

/** Reads what the tRPC client throws. */
export function describeFailure(error: unknown): Failure {
  if (!(error instanceof TRPCClientError)) return { kind: "lost" };
  const { data, meta, message } = error as TRPCClientError<AppRouter>;
  const status = data?.httpStatus ?? statusOf(meta?.["response"]);
  if (status === unauthorized) return { kind: "locked" };
  if (data == null) return { kind: "lost" };
  return { kind: "refused", message, ...(data.param !== undefined && { param: data.param }) };
}

function statusOf(response: unknown): number | undefined {
  return response instanceof Response ? response.status : undefined;
}
