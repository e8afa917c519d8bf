import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { JinjaError } from "../../../../../../services/engine/text/template/jinja/jinja-error.ts";
import { parseJinja } from "../../../../../../services/engine/text/template/jinja/jinja-template.ts";
import { parseJson } from "../../../../../../services/engine/text/template/jinja/values/parse-json.ts";
import { Dict } from "../../../../../../services/engine/text/template/jinja/values/dict.ts";
import type { Value } from "../../../../../../services/engine/text/template/jinja/values/value.ts";

const data = new URL("../../../../../data/jinja/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, data), "utf8");
const recorded = JSON.parse(read("recorded.json")) as [template: string, text: string | null][];

function variables(): Record<string, Value> {
  const context = parseJson(read("context.json"));
  if (!(context instanceof Dict)) throw new Error("context.json is no object");
  return Object.fromEntries([...context.entries()].map(([name, value]) => [String(name), value]));
}

function render(template: string): string | null {
  try {
    return parseJinja(template).render({
      variables: variables(),
      now: new Date(2026, 0, 2, 3, 4, 5),
      maxSteps: 1_000_000,
    });
  } catch (error) {
    if (error instanceof JinjaError) return null;
    throw error;
  }
}

describe("renders as Jinja2 does, and refuses what it refuses", () => {
  test.each(recorded)("%s", (template, text) => {
    expect(render(template)).toBe(text);
  });
});
