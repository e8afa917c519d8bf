import { expect, test } from "vitest";
import { StatusLine } from "../../../../cli/serve/status-line.ts";

/** What a person sees: a carriage return goes back to the line's beginning, `ESC [K` clears it. */
function screen(written: readonly string[]): string[] {
  const lines = [""];
  for (const part of written.join("").split(/(\n|\r\x1b\[K)/)) {
    if (part === "\n") lines.push("");
    else lines[lines.length - 1] = part.startsWith("\r") ? "" : lines.at(-1) + part;
  }
  return lines;
}

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const line = new StatusLine({ isTTY, write: (text) => written.push(text) });
  return { line, screen: () => screen(written) };
}

test("keeps what is shown below the lines that are written", () => {
  const { line, screen } = terminal(true);
  line.show("loading 10%");
  line.write("INFO one\n");
  line.show("loading 20%");
  line.write("INFO two\n");
  expect(screen()).toEqual(["INFO one", "INFO two", "loading 20%"]);
  line.show("");
  line.write("INFO three\n");
  expect(screen()).toEqual(["INFO one", "INFO two", "INFO three", ""]);
});

test("shows nothing where there is no terminal", () => {
  const { line, screen } = terminal(false);
  line.show("loading 10%");
  line.write("INFO one\n");
  expect(screen()).toEqual(["INFO one", ""]);
});
