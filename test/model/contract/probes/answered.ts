import { expect } from "vitest";

/**
 * The texts that there are: at temperature 1 a small model may reason until its tokens are used up, and then says nothing.
 * Most do not.
 */
export function answered(texts: readonly string[]): readonly string[] {
  const found = texts.filter((text) => text !== "");
  expect(found.length).toBeGreaterThanOrEqual(texts.length / 2);
  return found;
}
