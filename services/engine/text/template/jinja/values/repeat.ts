import type { Budget } from "../budget.ts";

/** A text so many times; none when that is not positive. */
export function repeat(text: string, count: number, budget: Budget): string {
  if (count <= 0) return "";
  budget.chargeText(text.length * count);
  return text.repeat(count);
}
