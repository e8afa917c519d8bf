import { expect, test } from "vitest";
import { nearestRoute } from "../../../../shim/routes/nearest-route.ts";

const routes = [
  "get /docs",
  "get /health",
  "get /openapi.json",
  "post /v1/chat/completions",
  "post /v1/completions",
  "post /v1/embeddings",
  "get /v1/models",
  "post /v1/models",
  "get /v1/models/*id",
  "post /v1/responses",
  "post /api/chat",
  "get /api/tags",
].map((name) => {
  const [method = "", path = ""] = name.split(" ");
  return { method, path };
});

test.each([
  ["GET /v1/chat", "post /v1/chat/completions"],
  ["POST /v1/chat/completion", "post /v1/chat/completions"],
  ["POST /v1/chatcompletions", "post /v1/chat/completions"],
  ["POST /chat/completons", "post /v1/chat/completions"],
  ["POST /v1/embeding", "post /v1/embeddings"],
  ["GET /v1/modles", "get /v1/models"],
  ["POST /v1/model", "post /v1/models"],
  ["DELETE /v1/model", "get /v1/models"],
  ["POST /v1/respones", "post /v1/responses"],
  ["POST /api/chats", "post /api/chat"],
  ["GET /api/tag", "get /api/tags"],
  ["GET /helth", "get /health"],
  ["GET /openapi.yaml", "get /openapi.json"],
  ["POST /v1/moderations", undefined],
  ["POST /v1/audio/speech", undefined],
  ["GET /", undefined],
])("for %s it is %s", (asked, meant) => {
  const [method = "", path = ""] = asked.split(" ");
  const found = nearestRoute({ method, path }, routes);
  expect(found && `${found.method} ${found.path}`).toBe(meant);
});
