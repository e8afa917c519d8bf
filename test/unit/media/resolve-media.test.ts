import { create } from "@bufbuild/protobuf";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { ErrorReason } from "../../../clients/errors.ts";
import { type ContentPart, ContentPartSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { isMedia, type MediaLimits, resolveMedia } from "../../../services/media/resolve-media.ts";
import { isPublicAddress } from "../../../services/media/fetch/public-address.ts";
import { createWebpDecoder } from "../../../services/media/webp/webp-decoder.ts";
import { dataUrl, mediaFile } from "../../support/media/media-file.ts";
import { writePng } from "../../support/media/write-png.ts";

const { signal } = new AbortController();
const webp = createWebpDecoder();
const noLimits: MediaLimits = {
  hosts: [],
  privateAddresses: false,
  timeoutMs: 5_000,
  count: 10,
  bytes: 1_000_000,
  pixels: 1_000_000,
  seconds: 10,
};

const image = (value: string | Uint8Array, mediaType = "") => partOf("image", value, mediaType);
const audio = (value: string | Uint8Array, mediaType = "") => partOf("audio", value, mediaType);

function partOf(kind: "image" | "audio", value: string | Uint8Array, mediaType: string): ContentPart {
  const source = typeof value === "string" ? { case: "url" as const, value } : { case: "data" as const, value };
  return create(ContentPartSchema, { part: { case: kind, value: { source, mediaType } } });
}

async function resolve(parts: readonly ContentPart[], limits: Partial<MediaLimits> = {}, stop = signal) {
  const places = parts.flatMap(({ part }, i) => (isMedia(part) ? [{ part, path: `content[${i}]` }] : []));
  const resolved = await resolveMedia(places, { limits: { ...noLimits, ...limits }, webp }, stop);
  return resolved.flatMap((part) => (isMedia(part) ? [part.value] : []));
}

async function fault(parts: readonly ContentPart[], limits: Partial<MediaLimits> = {}) {
  const error: unknown = await resolve(parts, limits).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ reason: ErrorReason.INVALID_PARAMETER });
  const { param, message } = error as { param: string; message: string };
  return `${param}: ${message}`;
}

describe("media of a request", () => {
  test("become the files themselves, whichever way they came", async () => {
    const parts = [
      image(mediaFile("halves.png"), "image/jpeg"),
      image(dataUrl("halves.jpg", "image/jpeg")),
      image(`data:image/gif;base64,${mediaFile("halves.gif").toString("base64url")}`),
      image(
        dataUrl("halves.bmp")
          .replace(/(.{76})/g, "$1\r\n")
          .replaceAll("+", "%2B"),
      ),
      audio(dataUrl("tone.wav", "audio/x-wav")),
      audio(mediaFile("tone.mp3")),
    ];
    const found = await resolve(parts);
    expect(found.map(({ mediaType }) => mediaType)).toEqual([
      "image/png",
      "image/jpeg",
      "image/gif",
      "image/bmp",
      "audio/wav",
      "audio/mp3",
    ]);
    const names = ["halves.png", "halves.jpg", "halves.gif", "halves.bmp", "tone.wav", "tone.mp3"];
    for (const [i, name] of names.entries()) {
      expect(Buffer.from(found[i]?.source.value as Uint8Array).equals(mediaFile(name)), name).toBe(true);
    }
  });

  test("of WebP become BMP", async () => {
    const [found] = await resolve([image(mediaFile("lossy.webp"))]);
    expect(found).toMatchObject({ mediaType: "image/bmp", source: { case: "data" } });
    expect(found?.source.value).toHaveLength(54 + 24 * 16 * 3);
  });

  test.each([
    ["content[0].image.url", "is not a URL", image("halves.png")],
    ["content[0].image.url", "is a file: URL", image("file:///etc/passwd")],
    ["content[0].image.url", "media_url_hosts lets none be asked", image("https://example.com/a.png")],
    ["content[0].image.url", "not in base64", image("data:image/svg+xml,<svg/>")],
    ["content[0].image.url", "not valid base64", image("data:image/png;base64,####")],
    ["content[0].image.url", "not a data: URL", image("data:image/png;base64")],
    ["content[0].image.url", "called text/html", image("data:text/html;base64,AAAA")],
    ["content[0].image.data", "called audio/wav", image(mediaFile("halves.png"), "audio/wav")],
    ["content[0].image.data", "not a picture of a kind", image(mediaFile("tone.wav"))],
    ["content[0].audio.data", "not a sound of a kind", audio(mediaFile("halves.png"))],
    ["content[0].image.data", "is empty", image(new Uint8Array())],
    ["content[0].image.data", "cut off", image(mediaFile("halves.png").subarray(0, 60))],
    [
      "content[0].image.data",
      "too many pixels",
      image(writePng({ width: 50_000, height: 50_000, data: Buffer.alloc(9) })),
    ],
    [
      "content[0].image.data",
      "more than its pixels",
      image(writePng({ width: 2, height: 2, data: Buffer.alloc(9_999_999) })),
    ],
    ["content[0].image.data", "broken data", image(mediaFile("lossy.webp").fill(0xff, 30))],
  ])("are refused: %s %s", async (param, words, part) => {
    const text = await fault([part]);
    expect(text).toContain(words);
    expect(text.startsWith(`${param}: ${param} `)).toBe(true);
  });

  test("are counted together", async () => {
    const png = image(mediaFile("halves.png"));
    expect(await fault([png, png, png], { count: 2 })).toContain("content[2]: content[2] is one too many");
    expect(await fault([png, png], { pixels: 24 * 16 * 2 - 1 })).toContain("too many pixels");
    expect(await fault([png, png], { bytes: 150 })).toContain("have 150 bytes together");
    expect(await fault([audio(mediaFile("tone.wav"))], { seconds: 0.5 })).toContain("too long");
    expect(await resolve([png, png], { count: 2, pixels: 24 * 16 * 2, bytes: 184 })).toHaveLength(2);
  });
});

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((ready) => server.once("listening", ready));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path: string, host = "127.0.0.1") => `http://${host}:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

describe("pictures behind a URL", () => {
  const open = { hosts: ["127.0.0.1", "localhost"], privateAddresses: true };

  test("are fetched from hosts that are named, through redirects, without anything of the caller's", async () => {
    const seen: object[] = [];
    await using host = await serve(({ url, headers }, response) => {
      seen.push(headers);
      if (url === "/old") response.writeHead(302, { location: "/new" }).end();
      else response.end(mediaFile("halves.png"));
    });
    const [found] = await resolve([image(host.url("/old"))], open);
    expect(found).toMatchObject({ mediaType: "image/png" });
    expect(Object.keys(seen[1] ?? {}).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
  });

  test.each([
    ["is at a private address", "127.0.0.1"],
    // What the name stands for is seen when it is connected to.
    ["is at a private address", "localhost"],
    ["is at a private address", "[::1]"],
    ["is at a private address", "2130706433"],
    ["is at a private address", "[::ffff:127.0.0.1]"],
  ])("are not asked of this machine: %s, %s", async (words, name) => {
    let asked = 0;
    await using host = await serve((_, response) => {
      asked++;
      response.end();
    });
    expect(await fault([image(host.url("/", name))], { hosts: ["*"] })).toContain(words);
    expect(asked).toBe(0);
  });

  test("are not followed to other hosts than those named", async () => {
    await using host = await serve((_, response) =>
      response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
    );
    expect(await fault([image(host.url("/"))], open)).toContain("169.254.169.254, which media_url_hosts does not name");
    await using file = await serve((_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
    expect(await fault([image(file.url("/"))], open)).toContain("is a file: URL");
    await using circle = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
    expect(await fault([image(circle.url("/"))], open)).toContain("more than 3 redirects");
  });

  test("are refused when their host does not give them, or not whole, or too slowly, or too many bytes", async () => {
    await using host = await serve(({ url }, response) => {
      if (url === "/missing") response.writeHead(404).end();
      else if (url === "/cut") {
        response.writeHead(200, { "content-length": 100 }).write("x", () => response.destroy());
      } else if (url === "/endless") {
        const more = () => response.write(Buffer.alloc(100_000), more);
        more();
      } else response.writeHead(200).write("x");
    });
    expect(await fault([image(host.url("/missing"))], open)).toContain("its host answers 404");
    expect(await fault([image(host.url("/cut"))], open)).toContain("cannot be fetched");
    expect(await fault([image(host.url("/endless"))], open)).toContain("have 1000000 bytes together");
    expect(await fault([image(host.url("/silent"))], { ...open, timeoutMs: 50 })).toContain(
      "did not come within 0.05 s",
    );
  });

  test("are given up when the caller leaves", async () => {
    const stop = new AbortController();
    await using host = await serve(() => stop.abort(new Error("left")));
    await expect(resolve([image(host.url("/"))], open, stop.signal)).rejects.toThrow("left");
  });

  test.each([
    ["example.com", "example.com", true],
    ["example.com", "a.example.com", false],
    ["*.example.com", "a.b.Example.com.", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", "badexample.com", false],
  ])("rule %s lets %s be asked: %s", async (rule, name, allowed) => {
    // No such names are looked up: a password is refused behind the rule.
    const text = await fault([image(`https://user:x@${name}/`)], { hosts: [rule] });
    expect(text.includes("password")).toBe(allowed);
  });
});

test.each([
  ["8.8.8.8", true],
  ["2606:4700::1111", true],
  ["10.1.2.3", false],
  ["172.31.0.1", false],
  ["100.64.0.1", false],
  ["169.254.169.254", false],
  ["0.0.0.0", false],
  ["::1", false],
  ["::", false],
  ["fe80::1", false],
  ["fd00::1", false],
  ["64:ff9b::7f00:1", false],
  ["2002:7f00:1::", false],
  ["::ffff:8.8.8.8", true],
  ["::ffff:10.0.0.1", false],
])("address %s is public: %s", (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});
