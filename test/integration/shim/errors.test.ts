import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { chat as chatEvents, chat, hello, readEvents, testShim } from "./support.ts";

const failing = (reason: ErrorReason, message: string, options = {}) => ({
  chat: () => {
    throw new RpcError(reason, message, options);
  },
});

test.each([false, true])("answers an unknown model with 404 before any token (stream: %s)", async (stream) => {
  await using shim = await testShim(failing(ErrorReason.MODEL_NOT_FOUND, 'model "x" is not configured (have: tiny)'));
  const response = await shim.post("/v1/chat/completions", { ...hello, stream });
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    error: {
      message: 'model "x" is not configured (have: tiny)',
      type: "invalid_request_error",
      param: null,
      code: "model_not_found",
    },
  });
});

test("says when to try again, and when not to", async () => {
  await using busy = await testShim(failing(ErrorReason.OVERLOADED, "full", { retryAfterMs: 2_500 }));
  const retry = await busy.post("/v1/chat/completions", hello);
  expect(retry.status).toBe(503);
  expect(retry.headers.get("retry-after")).toBe("3");
  expect(retry.headers.get("retry-after-ms")).toBe("2500");
  await using broken = await testShim(failing(ErrorReason.INSUFFICIENT_MEMORY, "needs 90 GB"));
  const final = await broken.post("/v1/chat/completions", hello);
  expect(final.status).toBe(503);
  expect(final.headers.get("x-should-retry")).toBe("false");
  expect(final.headers.get("retry-after")).toBeNull();
  // Another program may give memory back.
  await using short = await testShim(failing(ErrorReason.INSUFFICIENT_MEMORY, "GPU0 is full", { retryAfterMs: 9_000 }));
  const later = await short.post("/v1/chat/completions", hello);
  expect(later.headers.get("x-should-retry")).toBeNull();
  expect(later.headers.get("retry-after")).toBe("9");
});

test("hides a bug from the caller and logs it whole with the request's id", async () => {
  await using shim = await testShim({
    chat: () => {
      throw new TypeError("secret detail");
    },
  });
  const response = await shim.post("/v1/chat/completions", hello, {
    headers: { "content-type": "application/json", "x-request-id": "abc-1" },
  });
  expect(response.status).toBe(500);
  expect(response.headers.get("x-request-id")).toBe("abc-1");
  expect(await response.json()).toEqual({
    error: { message: "internal error", type: "server_error", param: null, code: "internal_error" },
  });
  expect(shim.logs.find((line) => line.level === 50)).toMatchObject({
    requestId: "abc-1",
    err: { type: "TypeError", message: "secret detail", stack: expect.stringContaining("errors.test.ts") },
  });
});

test("ends a stream that fails midway with one error event and no [DONE]", async () => {
  await using shim = await testShim({
    chat: function* () {
      yield chat.started();
      yield chat.text("Hel");
      throw new RpcError(ErrorReason.WORKER_LOST, "the model's process ended");
    },
  });
  const response = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  const events = await readEvents(response);
  expect(events.at(-1)).toEqual({
    error: { message: "the model's process ended", type: "server_error", param: null, code: "worker_lost" },
  });
  await expect(async () => {
    for await (const _ of await shim.openai.chat.completions.create({ ...hello, stream: true }));
  }).rejects.toThrow("the model's process ended");
  expect(shim.logs.find((line) => line["route"] === "/v1/chat/completions")).toMatchObject({
    status: 503,
    error: "worker_lost",
    usage: { promptTokens: 7, completionTokens: 1 },
  });
});

test("never passes a stream off as whole that ends without a finish", async () => {
  await using shim = await testShim({ chat: () => [chat.started(), chat.text("Hel")] });
  expect((await shim.post("/v1/chat/completions", hello)).status).toBe(500);
  const events = await readEvents(await shim.post("/v1/chat/completions", { ...hello, stream: true }));
  expect(events.at(-1)).toMatchObject({ error: { code: "internal_error" } });
});

test("refuses unknown routes and methods in OpenAI's shape, naming the nearest route", async () => {
  await using shim = await testShim({});
  const missing = await fetch(`${shim.url}/v1/chat/completion`);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({
    error: {
      code: "not_found",
      message:
        "there is no GET /v1/chat/completion here; did you mean POST /v1/chat/completions? GET /docs shows every route",
    },
  });
  expect(await (await fetch(`${shim.url}/v9/nothing/like/it`)).json()).toMatchObject({
    error: { message: "there is no GET /v9/nothing/like/it here; GET /docs shows every route" },
  });
  const method = await fetch(`${shim.url}/v1/chat/completions`);
  expect(method.status).toBe(405);
  expect(method.headers.get("allow")).toBe("POST");
  expect(await method.json()).toMatchObject({ error: { code: "method_not_allowed" } });
});

test.each<[string, number, RegExp]>([
  ["{", 400, /not valid JSON.*position 1/],
  ["", 400, /no body/],
  ["[1]", 400, /must be a JSON object; got an array/],
  ["null", 400, /got null/],
  ['"x"', 400, /got a string/],
  [`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 400, /nested deeper/],
  [JSON.stringify({ a: "x".repeat(2_000) }), 413, /larger than 1024 bytes/],
])("refuses a body that is not a JSON object (%#)", async (body, status, message) => {
  await using shim = await testShim({}, { body_limit_bytes: body.length > 10_000 ? 8_000_000 : 1_024 });
  const response = await shim.post("/v1/chat/completions", body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
});

test("answers 413 also to a client that is still sending", async () => {
  await using shim = await testShim({}, { media_body_limit_bytes: 10_000_000 });
  const body = "x".repeat(20_000_000);
  for (let round = 0; round < 5; round += 1) {
    expect((await shim.post("/v1/chat/completions", body)).status).toBe(413);
    expect((await shim.post("/v1/embeddings", body)).status).toBe(413);
  }
});

test("takes larger bodies where pictures and sounds make them so, and of these alone", async () => {
  const answer = () => [chatEvents.started(), chatEvents.finished()];
  await using shim = await testShim({ chat: answer }, { body_limit_bytes: 1_024, media_body_limit_bytes: 10_000 });
  const chat = (text: number, url: number) =>
    shim.post("/v1/chat/completions", {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a".repeat(text) },
            { type: "image_url", image_url: { url: `data:,${"a".repeat(url)}` } },
          ],
        },
      ],
    });
  expect((await chat(500, 9_000)).status).toBe(200);
  expect((await chat(1_500, 10)).status).toBe(413);
  expect((await chat(1_500, 5_000)).status).toBe(413);
  expect((await chat(500, 10_000)).status).toBe(413);
  expect((await shim.post("/v1/embeddings", { input: "a", images: ["a".repeat(5_000)] })).status).toBe(413);
});

test("refuses encodings that it would misread", async () => {
  await using shim = await testShim({});
  const send = async (body: string | Buffer, headers: Record<string, string>) =>
    (await fetch(`${shim.url}/v1/chat/completions`, { method: "POST", body: body as string, headers })).status;
  expect(await send("{}", { "content-type": "application/json; charset=utf-16" })).toBe(415);
  expect(await send("{}", { "content-type": "application/json", "content-encoding": "gzip" })).toBe(415);
  expect(await send(Buffer.from([0x7b, 0xff, 0x7d]), { "content-type": "application/json" })).toBe(400);
  expect(await send("{}", { "content-type": "application/x-www-form-urlencoded" })).toBe(400);
});

test("names ignored fields in a warning header", async () => {
  await using shim = await testShim({ chat: () => [chat.started(), chat.text("x"), chat.finished()] });
  const response = await shim.post("/v1/chat/completions", {
    ...hello,
    templature: 0.9,
    user: "me",
    あ: 1,
    messages: [{ role: "user", content: "hello", contents: 1 }],
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("warning")).toBe(
    [
      String.raw`299 - "unknown field \"messages[0].contents\" was ignored; did you mean \"content\"?"`,
      String.raw`299 - "unknown field \"templature\" was ignored; did you mean \"temperature\"?"`,
      String.raw`299 - "unknown field \"\\u3042\" was ignored"`,
      String.raw`299 - "field \"user\" has no effect: end users are not tracked"`,
    ].join(", "),
  );
});
