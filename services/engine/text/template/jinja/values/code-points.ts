const hasSurrogates = /[\ud800-\udfff]/;

/** How long a text is for Python, which counts code points. */
export function codePointCount(text: string): number {
  return hasSurrogates.test(text) ? [...text].length : text.length;
}

/** A text as what can be indexed by code points: itself where that is the same. */
export function codePoints(text: string): string | readonly string[] {
  return hasSurrogates.test(text) ? [...text] : text;
}

/** The part of a text between two positions in code points. */
export function sliceText(text: string, from: number, to?: number): string {
  const points = codePoints(text);
  return typeof points === "string" ? points.slice(from, to) : points.slice(from, to).join("");
}
