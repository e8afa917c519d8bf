import { expect, test } from "vitest";
import { z } from "zod";
import { numberOptions } from "../../../clients/number-options.ts";
import { samplingSchema } from "../../../shim/dialect/sampling/fields.ts";

test("the REST schemas say the ranges that the worker checks by", () => {
  const { properties = {} } = z.toJSONSchema(samplingSchema, { io: "input", unrepresentable: "any" });
  const told = JSON.stringify(properties);
  const differing = Object.values(numberOptions).filter(({ param, min, max }) => {
    const field = properties[param];
    if (field === undefined || param === "seed" || param === "top_k") return false;
    const text = JSON.stringify(field);
    return !text.includes(`"minimum":${min}`) || !text.includes(`"maximum":${max}`);
  });
  expect(differing).toEqual([]);
  expect(told).toContain('"minimum":0.1');
});
