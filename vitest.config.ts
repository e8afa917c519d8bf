import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) throw new Error(`tests run on the pinned Node 24, this is ${process.versions.node}: use npm test`);

// The servers and workers that tests start load the same modules hundreds of times.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "tokenwire-tests-compile");

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line.ts"],
    globalSetup: "./test/support/build-web.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more forks only make the engines' compute threads wait for each other.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { extends: true, test: { name: "integration", include: ["test/integration/**/*.test.ts"] } },
      // The same calls where no socket lies between.
      {
        extends: true,
        test: {
          name: "in-process",
          include: ["test/integration/rpc/{unary,streams,deadlines}.test.ts"],
          env: { RPC_TRANSPORT: "in-process" },
        },
      },
      // Each of these runs native engines: one at a time.
      {
        extends: true,
        test: { name: "model", include: ["test/model/**/*.test.ts"], fileParallelism: false },
      },
    ],
  },
});
