import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dropProgress } from "../../../../../services/engine/llama/hub/drop-progress.ts";

let folder: string;
let place: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tw-progress-"));
  place = join(folder, "a.gguf");
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["the downloader's progress is cut off", `GGUF${JSON.stringify({ part: 0, chunks: [2, 2], chunkSize: 5 })}`, "GGUF"],
  ["nothing else is: the file is not what the hub says", "GGUF and more", "GGUF and more"],
  ["a whole file stays as it is", "GGUF", "GGUF"],
  ["so does one that is too short", "GG", "GG"],
])("%s", async (_, written, left) => {
  writeFileSync(place, written);
  await dropProgress(place, 4);
  expect(readFileSync(place, "utf8")).toBe(left);
});
