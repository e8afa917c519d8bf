import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { JinjaError } from "../../../../../../services/engine/text/template/jinja/jinja-error.ts";
import { parseJinja } from "../../../../../../services/engine/text/template/jinja/jinja-template.ts";
import { fromJson } from "../../../../../../services/engine/text/template/jinja/values/json/from-json.ts";
import { parseExactJson, type ExactJson } from "../../../../../../clients/json/exact-json.ts";
import type { Value } from "../../../../../../services/engine/text/template/jinja/values/value.ts";

const data = new URL("../../../../../data/jinja/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, data), "utf8");
const recorded = JSON.parse(read("recorded.json")) as [template: string, text: string | null][];

function variables(): Record<string, Value> {
  const context = parseExactJson(read("context.json")) as Readonly<Record<string, ExactJson>>;
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [name, fromJson(value)]));
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

test.each([
  [
    "{% set l = [1] %}{% set _ = l.append(2) %}{{ l.extend([3, 4]) }}{{ l.pop() }}{{ l.insert(0, 9) }}{{ l }}",
    "None4None[9, 1, 2, 3]",
  ],
  ["{% set d = {} %}{% set _ = d.update({'a': 1}) %}{{ d.setdefault('b', 2) }}{{ d.pop('a') }}{{ d }}", "21{'b': 2}"],
])("lets templates that are written for llama.cpp change lists and dictionaries: %s", (template, text) => {
  expect(render(template)).toBe(text);
});
