import { expect, test } from "vitest";
import { strftime } from "../../../../../services/engine/text/template/strftime.ts";

const date = new Date(2026, 6, 4, 15, 5, 9);

test.each([
  ["%Y-%m-%d", "2026-07-04"],
  ["%d %b %Y", "04 Jul 2026"],
  ["%A, %B %e, %y", "Saturday, July  4, 26"],
  ["%-d.%-m. %H:%M:%S = %I:%M %p", "4.7. 15:05:09 = 03:05 PM"],
  ["%F %T %a", "2026-07-04 15:05:09 Sat"],
  ["100 %% %Q %", "100 % %Q %"],
])("formats %s", (format, text) => {
  expect(strftime(date, format)).toBe(text);
});

test("knows noon and midnight", () => {
  expect(strftime(new Date(2026, 0, 1, 0, 0), "%I %p")).toBe("12 AM");
  expect(strftime(new Date(2026, 0, 1, 12, 0), "%I %p")).toBe("12 PM");
});
