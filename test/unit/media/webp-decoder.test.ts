import { expect, test } from "vitest";
import { readPicture } from "../../../services/media/picture/read-picture.ts";
import { createWebpDecoder } from "../../../services/media/webp/webp-decoder.ts";
import { mediaFile } from "../../support/media/media-file.ts";

test("makes the BMP of a lossless WebP, pixel for pixel", async () => {
  const bmp = Buffer.from(await createWebpDecoder().decode(mediaFile("halves.webp")));
  expect(readPicture(bmp)).toEqual({ format: "bmp", width: 24, height: 16 });
  const rows = bmp.subarray(54);
  const [left, right] = [rows.subarray(0, 3), rows.subarray(23 * 3, 24 * 3)];
  expect([...left, ...right]).toEqual([30, 20, 230, 220, 40, 10]);
  const written = mediaFile("halves.bmp").subarray(54);
  expect(rows.length).toBe(written.length);
  expect(rows).toEqual(written);
});

test("decodes several at once, and says which of them is broken", async () => {
  const decoder = createWebpDecoder();
  const broken = mediaFile("lossy.webp").fill(0xff, 40);
  const results = await Promise.allSettled(
    [mediaFile("lossy.webp"), broken.subarray(0, 35), mediaFile("opaque.webp")].map((data) => decoder.decode(data)),
  );
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(results[1]).toMatchObject({ reason: { name: "MediaFault", message: "is a WebP with broken data" } });
});
