import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Turn } from "./to-proto/items.ts";

/**
 * `truncation: auto`: the fewest of the oldest turns are left out so that the rest fits. Instructions stay, and so do
 * calls with their results: a conversation is cut in front of what a user says. Rejects with `error`, the refusal of the
 * whole, when even the last thing that a user said does not fit.
 */
export async function fitTurns(
  turns: readonly Turn[],
  { fits, error }: { readonly fits: (turns: readonly Turn[]) => Promise<boolean>; readonly error: unknown },
): Promise<readonly Turn[]> {
  const cuts = turns.flatMap(({ message }, index) => (message.role === Role.USER && index > 0 ? [index] : []));
  const cutAt = (index: number) => turns.filter((turn, at) => at >= index || isInstruction(turn));
  let least = 0;
  let most = cuts.length;
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (await fits(cutAt(cuts[middle] ?? 0))) most = middle;
    else least = middle + 1;
  }
  const cut = cuts[least];
  if (cut === undefined) throw error;
  return cutAt(cut);
}

function isInstruction({ message: { role } }: Turn): boolean {
  return role === Role.SYSTEM || role === Role.DEVELOPER;
}

export function isTooLong(error: unknown): boolean {
  return error instanceof RpcError && error.reason === ErrorReason.CONTEXT_LENGTH_EXCEEDED;
}
