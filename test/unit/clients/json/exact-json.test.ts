import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExactJson } from "../../../../clients/json/exact-json.ts";
import { ExactNumber } from "../../../../clients/json/exact-number.ts";
import { jsonText, parseKeepingText } from "../../../../clients/json/source-text.ts";

/** JSON texts with numbers in every spelling, names like indices, and any string. */
const { value: jsonTexts } = fc.letrec<{ value: string }>((tie) => {
  const space = fc.constantFrom("", "", " ", "\n\t");
  const number = fc.oneof(
    fc.constantFrom("0", "-0", "1.0", "1e400", "-1E-7", "1234567890123456789", "0.1234567890123456789", "1.50", "7e0"),
    fc.maxSafeInteger().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => JSON.stringify(each)),
  );
  const text = fc.oneof(fc.constantFrom("10", "2", "__proto__", "a", 'q"\\'), fc.string({ unit: "grapheme" }));
  const string = text.map((each) => JSON.stringify(each));
  const list = (item: fc.Arbitrary<string>, [open, close]: readonly [string, string]) =>
    fc.tuple(fc.array(item, { maxLength: 4 }), space).map(([items, gap]) => `${open}${items.join(`,${gap}`)}${close}`);
  const member = fc
    .tuple(string, space, tie("value") as fc.Arbitrary<string>)
    .map(([name, gap, value]) => `${name}${gap}:${value}`);
  return {
    value: fc
      .tuple(
        space,
        fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom("null", "true", "false"),
          number,
          string,
          list(tie("value") as fc.Arbitrary<string>, ["[", "]"]),
          list(member, ["{", "}"]),
        ),
        space,
      )
      .map((parts) => parts.join("")),
  };
});

/** What a number is worth, so that digits which a double would lose still count. */
const doubles = (text: string): unknown => JSON.parse(text) as unknown;

describe("parseExactJson", () => {
  test("says the same as JSON.parse, but for what a double cannot hold", () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        expect(doubles(JSON.stringify(parseExactJson(text)))).toEqual(doubles(text));
      }),
    );
  });

  test("is written back digit for digit and in its order", () => {
    const text =
      '{"10":1234567890123456789,"2":[1.0,-0,1e400,1E5,0.10],"a":{"b":1,"1":0.1234567890123456789},"__proto__":12.5}';
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
    fc.assert(
      fc.property(jsonTexts, (each) => {
        const once = JSON.stringify(parseExactJson(each));
        expect(JSON.stringify(parseExactJson(once))).toBe(once);
      }),
    );
  });

  test("gives plain numbers where they say all, and the digits where they do not", () => {
    expect(parseExactJson("[1, -2.5, 9007199254740991]")).toEqual([1, -2.5, 9007199254740991]);
    const [one, large] = parseExactJson("[1.0, 12345678901234567890]") as readonly ExactNumber[];
    expect(one).toBeInstanceOf(ExactNumber);
    expect(one?.text).toBe("1.0");
    expect(String(large)).toBe("12345678901234567890");
  });

  test("lists the members of an object in their order, and the last of two with one name", () => {
    const value = parseExactJson('{"b":1,"10":{"3":0,"1":0},"2":3,"b":4}') as Record<string, unknown>;
    expect(Object.entries(value).map(([name]) => name)).toEqual(["b", "10", "2"]);
    expect(value["b"]).toBe(4);
    expect({ ...value }).toEqual({ b: 4, "10": { "3": 0, "1": 0 }, "2": 3 });
    expect(Object.keys(value["10"] as object)).toEqual(["3", "1"]);
  });

  test("refuses what is not JSON, and what is too deep to be walked", () => {
    for (const text of ["", "{", "[1,]", "01", "NaN", "'a'"]) expect(() => parseExactJson(text)).toThrow(SyntaxError);
    const deep = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
    expect(() => parseExactJson(deep)).toThrow("deeper than 1000 levels");
  });
});

describe("jsonText", () => {
  test("gives each object and array of a parsed text as it was written", () => {
    const text = '{ "a" : {"10": 1.0, "2": [1e400, {"x":1234567890123456789}]}, "b]": ["}", "\\"{"] , "c": 1.0}';
    const body = parseKeepingText(text) as { a: { "2": [number, object] }; "b]": unknown; c: unknown };
    expect(jsonText(body)).toBe(text);
    expect(jsonText(body.a)).toBe('{"10": 1.0, "2": [1e400, {"x":1234567890123456789}]}');
    expect(jsonText(body.a["2"][1])).toBe('{"x":1234567890123456789}');
    expect(jsonText(body["b]"])).toBe('["}", "\\"{"]');
    expect(jsonText({ other: 1 })).toBe('{"other":1}');
  });

  test("means what JSON.parse made of it, whatever the text", () => {
    fc.assert(
      fc.property(jsonTexts, (text) => {
        const check = (value: unknown): void => {
          if (typeof value !== "object" || value === null) return;
          expect(doubles(jsonText(value))).toEqual(value);
          for (const inner of Object.values(value)) check(inner);
        };
        check(parseKeepingText(text));
      }),
    );
  });
});
