import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";
import { fetchedFolder } from "../../../services/engine/llama/native/libraries/fetched-builds.ts";
import { temporaryFolder } from "../../unit/config/support.ts";

/** An npm that writes down how it was called, and installs each package as a folder with a package.json. */
const npm = `#!/bin/sh
echo "$@" >> "$HOME/npm.log"
test "$1" = "$NPM_FAILS" && { echo "npm error code ENOTFOUND" >&2; echo "npm error network is not there" >&2; exit 1; }
test "$1" = view && exit 0
while [ $# -gt 0 ]; do
  case "$1" in
    --prefix) shift; root="$1" ;;
    @*@*) mkdir -p "$root/node_modules/\${1%@*}/bins" && echo '{}' > "$root/node_modules/\${1%@*}/package.json" ;;
  esac
  shift
done
`;

/** A user with a package of ours that has no builds for GPUs. */
function createUser(folder: string) {
  const root = join(folder, "package");
  cpSync(join(packageRoot, "bin"), join(root, "bin"), { recursive: true });
  cpSync(join(packageRoot, "package.json"), join(root, "package.json"));
  const [home, tools] = [join(folder, "home"), join(folder, "tools")];
  for (const place of [home, tools]) mkdirSync(place);
  writeFileSync(join(tools, "npm"), npm);
  chmodSync(join(tools, "npm"), 0o755);
  return {
    fetched: fetchedFolder().replace(/^.*\.cache/, join(home, ".cache")),
    calls: () => (existsSync(join(home, "npm.log")) ? readFileSync(join(home, "npm.log"), "utf8") : ""),
    run: (env: Readonly<Record<string, string>>) => {
      const PATH = [tools, process.env["PATH"]].join(delimiter);
      const options = { encoding: "utf8", env: { ...process.env, HOME: home, PATH, ...env } } as const;
      const { status, stderr } = spawnSync(process.execPath, [join(root, "bin/machine-packages.mjs")], options);
      return { status, stderr };
    },
  };
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("llama.cpp's builds for GPUs", () => {
  test("are fetched once, where the worker looks for them", () => {
    using folder = temporaryFolder();
    const { run, calls, fetched } = createUser(folder.path);
    const first = run({ TOKENWIRE_GPU: "cuda" });
    expect(first).toEqual({ status: 0, stderr: "tokenwire: fetching llama.cpp's build for CUDA (540 MB), once …\n" });
    expect(readdirSync(join(fetched, "node_modules/@node-llama-cpp"))).toEqual([
      "linux-x64-cuda",
      "linux-x64-cuda-ext",
    ]);
    expect(calls()).toMatch(/@node-llama-cpp\/linux-x64-cuda@\d+\.\d+\.\d+ @node-llama-cpp\/linux-x64-cuda-ext@\d/);
    const before = calls();
    expect(run({ TOKENWIRE_GPU: "cuda" })).toEqual({ status: 0, stderr: "" });
    expect(calls()).toBe(before);
  });

  test.each(["view", "install"])("do not keep the server from starting when they cannot be had (npm %s)", (step) => {
    using folder = temporaryFolder();
    const { run, fetched } = createUser(folder.path);
    const { status, stderr } = run({ TOKENWIRE_GPU: "vulkan", NPM_FAILS: step });
    expect(status).toBe(0);
    expect(stderr).toContain("tries again: network is not there. Without it the CPU works");
    expect(existsSync(join(fetched, "node_modules"))).toBe(false);
    // What came before the failure is not kept, and cannot be taken for a whole build.
    const kept = join(fetched, "..");
    expect(existsSync(kept) ? readdirSync(kept) : []).toEqual([]);
  });

  test("stay away where TOKENWIRE_GPU says none, and another word is an error", () => {
    using folder = temporaryFolder();
    const { run, calls } = createUser(folder.path);
    expect(run({ TOKENWIRE_GPU: "none" })).toEqual({ status: 0, stderr: "" });
    expect(run({ TOKENWIRE_GPU: "rocm" })).toEqual({
      status: 2,
      stderr: 'tokenwire: TOKENWIRE_GPU is "rocm": use auto, cuda, vulkan or none\n',
    });
    expect(calls()).toBe("");
  });
});
