import fc from "fast-check";
import { expect, test } from "vitest";
import { createStopMatcher } from "../../../../../services/engine/text/stream/stop-matcher.ts";

function run(stops: readonly string[], pieces: readonly string[]) {
  const matcher = createStopMatcher(stops);
  const emitted: string[] = [];
  for (const piece of pieces) {
    const { emit, stopped } = matcher.push(piece);
    emitted.push(emit);
    if (stopped !== undefined) return { emitted, stopped };
  }
  emitted.push(matcher.end());
  return { emitted, stopped: undefined };
}

test("holds back only what may still become a stop text", () => {
  expect(run(["</s>"], ["a<", "b", "</", "s", "x"])).toEqual({
    emitted: ["a", "<b", "", "", "</sx", ""],
    stopped: undefined,
  });
});

test("finds a stop text that spans many pieces, and emits nothing of it", () => {
  expect(run(["\nUser:"], ["Hi", "\n", "Us", "er", ": x"])).toEqual({
    emitted: ["Hi", "", "", "", ""],
    stopped: "\nUser:",
  });
});

test("takes the match that is complete first, and the longest of those", () => {
  expect(run(["abcd", "bc"], ["xabcd"])).toEqual({ emitted: ["xa"], stopped: "bc" });
  expect(run(["c", "abc"], ["xabc"])).toEqual({ emitted: ["x"], stopped: "abc" });
});

test("falls back within a stop text that repeats itself", () => {
  expect(run(["aab"], ["aa", "aa", "b"])).toEqual({ emitted: ["", "aa", ""], stopped: "aab" });
});

test("releases what it held when the text ends", () => {
  expect(run(["STOP"], ["a ST"])).toEqual({ emitted: ["a ", "ST"], stopped: undefined });
});

test("swallows what follows a match", () => {
  const matcher = createStopMatcher(["b"]);
  expect(matcher.push("ab").stopped).toBe("b");
  expect(matcher.push("more")).toEqual({ emit: "", stopped: undefined });
  expect(matcher.end()).toBe("");
});

test("passes everything through without stop texts, and for an empty one", () => {
  expect(run([], ["a", "b"])).toEqual({ emitted: ["a", "b", ""], stopped: undefined });
  expect(run([""], ["a", "b"])).toEqual({ emitted: ["a", "b", ""], stopped: undefined });
});

/** The definition, said slowly: look at every prefix of the text until one ends with a stop text. */
function naive(stops: readonly string[], text: string) {
  for (let end = 1; end <= text.length; end++) {
    const found = stops.filter((stop) => stop !== "" && text.slice(0, end).endsWith(stop));
    const stopped = found.sort((a, b) => b.length - a.length)[0];
    if (stopped !== undefined) return { text: text.slice(0, end - stopped.length), stopped };
  }
  return { text, stopped: undefined };
}

function longestHeld(stops: readonly string[], text: string): number {
  let held = 0;
  for (const stop of stops) {
    for (let n = 1; n < stop.length; n++) if (text.endsWith(stop.slice(0, n))) held = Math.max(held, n);
  }
  return held;
}

test("agrees with a naive search over the whole text, however it is cut", () => {
  const unit = fc.constantFrom("a", "b", "c", "é");
  const stops = fc.array(fc.string({ unit, minLength: 1, maxLength: 5 }), { maxLength: 4 });
  fc.assert(
    fc.property(stops, fc.array(fc.string({ unit, maxLength: 5 }), { maxLength: 12 }), (stopTexts, pieces) => {
      const { emitted, stopped } = run(stopTexts, pieces);
      expect({ text: emitted.join(""), stopped }).toEqual(naive(stopTexts, pieces.join("")));
      // Nothing is held longer than needed: after each piece only a possible beginning of a stop text is missing.
      let seen = "";
      let out = "";
      for (const [i, piece] of pieces.entries()) {
        seen += piece;
        out += emitted[i] ?? "";
        if (naive(stopTexts, seen).stopped !== undefined) break;
        expect(seen.length - out.length).toBe(longestHeld(stopTexts, seen));
      }
    }),
    { numRuns: 3000 },
  );
});
