import { expect, test } from "vitest";
import { parseShimCommand } from "../../../cli/arguments/parse-shim-command.ts";

function readShimSettings(args: readonly string[], env: Readonly<Record<string, string>>) {
  const command = parseShimCommand(args, env, "/");
  return command.command === "serve" ? command.settings : expect.unreachable();
}

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
  const env = { PORT: "9000", API_KEY: "a", DISABLE_PING_EVENTS: "true", GRPC_ADDRESS: "tokens:1" };
  expect(readShimSettings(["--port", "9001", "--root-path", "/llm"], env)).toMatchObject({
    port: 9_001,
    root_path: "/llm",
    api_key: ["a"],
    disable_ping_events: true,
    grpc_address: "tokens:1",
  });
});

test("takes what the whole product takes: lists, switches, other spellings", () => {
  const args = ["--api-key", "a", "b", "--disable_ping_events", "--grpc-tls=no"];
  expect(readShimSettings(args, {})).toMatchObject({ api_key: ["a", "b"], disable_ping_events: true, grpc_tls: false });
});

test.each([
  [["--port", "abc"], {}, /^--port is "abc": must be a whole number from 0 to 65535/],
  [["--port", "70000"], {}, /^--port is "70000": must be/],
  [["--root_path", "llm/"], {}, /root_path is "llm\/": must be empty, or begin with/],
  [[], { GRPC_TLS: "maybe" }, /^environment variable GRPC_TLS is "maybe": must be/],
  [["--prot", "1"], {}, /--prot is not a flag.*did you mean --port\?/],
  [["--config_file", "x.json"], {}, /reads no config file/],
  [["--grpc_ca_certfile", "/nowhere.pem"], {}, /nowhere\.pem/],
] as const)("refuses %j %j", (args, env, message) => {
  expect(() => readShimSettings(args, env)).toThrow(message);
});

test("explains itself", () => {
  const { text } = parseShimCommand(["--help"], {}, "/") as { text: string };
  expect(text).toContain("--grpc_address");
  expect(text).not.toContain("--n_ctx");
});
