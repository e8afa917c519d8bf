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
