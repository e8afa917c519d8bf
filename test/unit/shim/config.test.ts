import { expect, test } from "vitest";
import { readShimSettings } from "../../../shim/config.ts";

test("has defaults for everything", () => {
  expect(readShimSettings([], {})).toMatchObject({
    host: "127.0.0.1",
    port: 8_000,
    root_path: "",
    cors_origins: [],
    disable_ping_events: false,
    grpc_address: "127.0.0.1:50051",
  });
});

test("reads flags over environment variables", () => {
  const env = { PORT: "9000", API_KEY: "a,b", DISABLE_PING_EVENTS: "true", GRPC_ADDRESS: "tokens:1" };
  expect(readShimSettings(["--port", "9001", "--root-path", "/llm"], env)).toMatchObject({
    port: 9_001,
    root_path: "/llm",
    api_key: ["a", "b"],
    disable_ping_events: true,
    grpc_address: "tokens:1",
  });
});

test.each([
  [["--port", "abc"], {}, /^port: /],
  [["--port", "70000"], {}, /^port: /],
  [["--root_path", "llm/"], {}, /^root_path: must be empty, or begin with/],
  [[], { SSL_KEYFILE: "key.pem" }, /^ssl_certfile is missing/],
  [["--prot", "1"], {}, /--prot/],
] as const)("refuses %j %j", (args, env, message) => {
  expect(() => readShimSettings(args, env)).toThrow(message);
});
