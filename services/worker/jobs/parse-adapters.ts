import { invalidParameter } from "../../../clients/errors.ts";
import type { AdapterScales } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { LoraAdapter } from "../../../settings/model/lora-adapters.ts";

/** A scale beyond it is a mistake: what comes out is noise. */
const maxScale = 1_000;

/**
 * How strongly each of the model's adapters is to be applied, in their order: 0 for those that are not named. undefined:
 * the request says nothing. Throws INVALID_PARAMETER.
 */
export function parseAdapters(
  given: AdapterScales | undefined,
  adapters: readonly LoraAdapter[],
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  const scales = new Map<number, number>();
  for (const { id, scale } of given.scales) {
    if (!adapters.some((adapter) => adapter.id === id))
      throw invalidParameter("adapters", unknownAdapter(id, adapters));
    if (scales.has(id)) throw invalidParameter("adapters", `adapters names the adapter ${id} twice`);
    if (!(Math.abs(scale) <= maxScale)) {
      const message = `adapters: the scale of adapter ${id} must be from -${maxScale} to ${maxScale}, not ${scale}`;
      throw invalidParameter("adapters", message);
    }
    scales.set(id, scale);
  }
  return adapters.map(({ id }) => scales.get(id) ?? 0);
}

function unknownAdapter(id: number, adapters: readonly LoraAdapter[]): string {
  const have = adapters.length === 0 ? "none: see lora_adapters" : `0 to ${adapters.length - 1}`;
  return `adapters names the adapter ${id}, which the model does not have (it has ${have})`;
}
