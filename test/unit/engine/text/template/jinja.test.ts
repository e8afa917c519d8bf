import { expect, test } from "vitest";
import { parseJinja } from "../../../../../services/engine/text/template/jinja.ts";
import { runTemplate } from "../../../../../services/engine/text/template/template-interpreter.ts";

function render(source: string, variables: Record<string, unknown> = {}): string {
  return runTemplate(parseJinja(source), { variables, now: new Date(0), maxSteps: 100_000 });
}

test.each([
  ["{{ nothing | trim }}", ""],
  ["{{ a.nothing | upper }}", ""],
  ["{{ nothing | replace('a', 'b') }}", ""],
  ["{{ nothing | length }}", "0"],
  ["{{ nothing | join(', ') }}", ""],
  ["{{ 'a' ~ nothing ~ 'b' }}", "ab"],
  ["{% for x in nothing %}x{% endfor %}", ""],
  ["{% for x in a.nothing if x %}x{% else %}none{% endfor %}", "none"],
  ["{{ nothing | default('d') }}", "d"],
  ["{{ nothing is defined }}", "false"],
])("takes what is not defined as Jinja does: %s", (source, text) => {
  expect(render(source, { a: {} })).toBe(text);
});

test("unpacks tuples in a loop", () => {
  expect(render("{% for a, b in [('x', 'y'), (1, 2)] %}{{ a }}{{ b }};{% endfor %}")).toBe("xy;12;");
});

test("counts as Python's range", () => {
  expect(
    render("{{ range(3) | list }}{{ range(1, 3) | list }}{{ range(5, 0, -2) | list }}{{ range(3, 1) | list }}"),
  ).toBe("[0, 1, 2][1, 2][5, 3, 1][]");
});

test("knows Python's names for constants", () => {
  expect(render("{{ True and not False }} {{ None is none }}")).toBe("true true");
});
