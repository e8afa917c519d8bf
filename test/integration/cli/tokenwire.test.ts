import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";
import { gguf, temporaryFolder } from "../../unit/config/support.ts";

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user does, in a folder with these files. */
function tokenwire(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Record<string, string> = {},
): Outcome {
  using folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot, "bin/tokenwire.mjs"), ...args], {
    cwd: folder.path,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], ...env },
  });
  return { status, stdout, stderr: stderr.replaceAll(folder.path, "FOLDER") };
}

test("--help tells how to start, on stdout", () => {
  const { status, stdout, stderr } = tokenwire(["--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("tokenwire --config_file FILE");
  expect(stdout).toContain("--n_ctx N");
});

test("--version is the package's version alone", () => {
  expect(tokenwire(["--version"])).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: "",
  });
});

test("migrate explains, and prints a config", () => {
  const old = JSON.stringify({ models: [{ model: gguf }] });
  const { status, stdout, stderr } = tokenwire(["migrate", "old.json"], { "old.json": old });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("+ n_gpu_layers: 0");
  expect(stdout).toContain('"unknown_model": "default"');
});

test("doctor says what is found, and fails with the config's problems", () => {
  const good = tokenwire(["doctor", "--port", "0", "--grpc_port", "0", "--json"]);
  expect(good.status).toBe(0);
  const checks = good.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; status: string });
  expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(new Set(checks.map(({ name }) => name))).toEqual(
    new Set(["Node", "package", "native builds", "GPU", "port", "grpc_port", "memory", "disk", "config"]),
  );
  const bad = tokenwire(["doctor", "c.json", "--port", "0", "--grpc_port", "0"], {
    "c.json": '{"prt": 1, "models": []}',
  });
  expect(bad).toMatchObject({ status: 1, stderr: expect.stringMatching(/checks failed/) });
  expect(bad.stdout).toMatch(/^fail {2}config +prt is not a setting/m);
});

test.each([
  ["service", /^--prot is not a flag \(did you mean --port\?\)/],
  ["shim", /^--prot is not a flag/],
])("%s is a program of its own", (name, message) => {
  const { status, stderr } = tokenwire([name, "--prot", "1"]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
});

test("help and completion of one command", () => {
  expect(tokenwire(["help", "chat"]).stdout).toMatch(/^tokenwire chat \[MODEL\]\n/);
  expect(tokenwire(["completion", "bash"]).stdout).toContain("complete -o default -F _tokenwire tokenwire");
});

describe("ends with code 2 and sentences without a stack", () => {
  test.each([
    [
      "an unknown flag",
      ["--prot", "1"],
      {},
      {},
      "--prot is not a flag (did you mean --port?): --help lists all of them\n",
    ],
    [
      "a missing config file",
      ["--config_file", "c.json"],
      {},
      {},
      "config file FOLDER/c.json does not exist: check --config_file or CONFIG_FILE\n",
    ],
    [
      "a config file in the environment",
      [],
      { "c.json": '{"models": [{"model": "x"}]}' },
      { CONFIG_FILE: "c.json" },
      "models[0].model FOLDER/x does not exist: check the path\n",
    ],
    [
      "broken JSON",
      ["--config-file=c.json"],
      { "c.json": "{" },
      {},
      "config file FOLDER/c.json is not JSON at line 1, column 2: Expected property name or '}'\n",
    ],
    [
      "several problems",
      [],
      {},
      { N_CTX: "-1", PORT: "x" },
      '2 problems:\n- environment variable PORT is "x": must be a whole number from 0 to 65535\n- environment variable N_CTX is "-1": must be a whole number from 0 to 2147483647\n',
    ],
    [
      "a certificate without its key",
      ["--ssl_certfile", "c.pem"],
      { "c.pem": "…" },
      {},
      "ssl_keyfile is missing: HTTPS needs ssl_keyfile and ssl_certfile\n",
    ],
  ])("for %s", (_, args, files, env, stderr) => {
    expect(tokenwire(args, files, env)).toEqual({ status: 2, stdout: "", stderr });
  });
});
