import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveModel } from "../../../services/models/resolve-model.ts";

const names = { ids: ["first", "second"], unknownModel: "error" } as const;

test("an alias fits exactly the names that its pattern describes", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pattern, name, (pattern, name) => {
      const described = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name);
      const resolve = () => resolveModel(name, { ...names, aliases: { [pattern]: "second" } });
      if (described) expect(resolve()).toBe("second");
      else expect(resolve).toThrow("is not configured (have: first, second)");
    }),
  );
});

test("a name with the tag latest is the name without it, unless there is one of that name", () => {
  expect(resolveModel("second:latest", { ...names, aliases: {} })).toBe("second");
  const tagged = { ...names, ids: ["first", "first:latest"], aliases: {} };
  expect(resolveModel("first:latest", tagged)).toBe("first:latest");
  expect(() => resolveModel("third:latest", { ...names, aliases: {} })).toThrow("is not configured");
});
