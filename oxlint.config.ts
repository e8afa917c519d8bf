import { readdirSync } from "node:fs";
import { defineConfig } from "oxlint";

const koffi = ["koffi"];
const llama = ["node-llama-cpp", "**/engine/llama/**"];
const koa = ["koa", "@koa/*"];
const grpc = ["@grpc/grpc-js"];
const services = ["**/services/**"];
const shim = ["**/shim/**"];
/** A worker's insides; what the front shares with it is in services/protocol. */
const worker = ["**/worker/**"];
const front = ["inference", "supervisor", "scheduler", "pool", "catalog", "memory", "metrics"].map(
  (name) => `**/${name}/**`,
);

/** Refuses imports of `deny` in the files of one room (design.md, section 3). In overrides the last match wins. */
const room = (files: string[], ...deny: string[][]) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        paths: [{ name: "node:process", importNames: ["env", "exit"] }],
        patterns: [{ group: deny.flat(), message: "not from this room: see docs/design.md" }],
      },
    ] as ["error", object],
  },
});

/** The folders of shim/ that are dialects: pure, and unaware of each other. */
const dialects = readdirSync(new URL("shim/", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !["dialect", "metrics", "middleware", "routes"].includes(entry.name))
  .map(({ name }) => name);
const othersThan = (name: string) => dialects.filter((it) => it !== name).map((it) => `**/${it}/**`);

export default defineConfig({
  plugins: ["typescript", "import", "node", "unicorn", "oxc", "vitest"],
  categories: { correctness: "error" },
  options: { typeAware: true, denyWarnings: true },
  ignorePatterns: ["proto/gen/**", "**/dist/**", "models/**"],
  rules: {
    "import/no-cycle": "error",
    // Spreading a text into its code points is what we mean.
    "typescript/no-misused-spread": "off",
    // The schema room writes about control characters.
    "no-control-regex": "off",
    "vitest/valid-expect": ["error", { maxArgs: 2 }],
    "node/no-process-env": "error",
    "unicorn/no-process-exit": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/no-unsafe-assignment": "error",
    "typescript/no-unsafe-call": "error",
    "typescript/no-unsafe-member-access": "error",
    "typescript/no-unsafe-return": "error",
  },
  overrides: [
    room(["proto/**"], ["**/clients/**"], koffi, llama, koa, grpc, services, shim),
    // What settings mean is the same for all; of the services they know names of formats and amounts alone.
    room(
      ["settings/**"],
      koffi,
      llama,
      koa,
      grpc,
      shim,
      worker,
      front.filter((name) => !name.includes("memory")),
    ),
    room(["clients/**"], koffi, llama, koa, grpc, services, shim),
    // Runs in browsers; of the rest of clients/ it imports types and the tRPC client.
    room(["clients/web/**"], koffi, llama, koa, grpc, services, shim, ["node:*"]),
    room(["clients/create-client.ts", "clients/channel.ts"], koffi, llama, koa, services, shim),
    room(["services/**"], koffi, llama, koa, grpc, shim, worker),
    room(["services/rpc/**"], koffi, llama, koa, shim, worker, front),
    room(["services/worker/**"], koffi, llama, koa, grpc, shim, front),
    room(["services/worker/main.ts"], koffi, ["node-llama-cpp"], koa, grpc, shim, front),
    room(["services/scheduler/**"], ["*", "!./**", "!**/proto/**", "!@bufbuild/**"]),
    room(
      ["services/engine/text/**", "services/engine/schema/**", "services/engine/grammar/**"],
      koffi,
      llama,
      koa,
      grpc,
      shim,
      worker,
      front,
      ["node:*"],
    ),
    room(["services/engine/llama/**"], koffi, koa, grpc, shim, worker, front),
    room(["services/engine/llama/native/**"], koa, grpc, shim, worker, front),
    room(["shim/**"], koffi, llama, grpc, services, othersThan("")),
    // The one file that knows which dialects there are.
    room(["shim/dialects.ts"], koffi, llama, koa, grpc, services),
    room(["shim/dialect/**", "shim/send-stream.ts"], koffi, llama, koa, grpc, services, othersThan("")),
    ...dialects.map((name) => room([`shim/${name}/**`], koffi, llama, koa, grpc, services, othersThan(name))),
    {
      files: ["clients/web/**/*.tsx"],
      plugins: ["jsx-a11y"],
      rules: {
        // What scrolls has to be reached with the keyboard, as axe wants it.
        "jsx-a11y/no-noninteractive-tabindex": "off",
        // A dialog closes when one clicks beside it; Escape does the same.
        "jsx-a11y/no-noninteractive-element-interactions": "off",
        "jsx-a11y/prefer-tag-over-role": "off",
      },
    },
    {
      files: ["**/config.ts", "vitest.config.ts", "test/**", "bench/**", "bin/**"],
      rules: { "node/no-process-env": "off" },
    },
    // vitest's asymmetric matchers are of type any.
    {
      files: ["test/**"],
      rules: {
        "typescript/no-unsafe-assignment": "off",
        // fast-check's assertions and helpers that expect are not seen.
        "vitest/expect-expect": "off",
        "vitest/no-conditional-expect": "off",
        "unicorn/no-thenable": "off",
        "vitest/require-to-throw-message": "off",
      },
    },
    // Plain JavaScript, so that any Node runs it: nothing there is typed.
    {
      files: ["bin/**"],
      rules: {
        "typescript/no-unsafe-assignment": "off",
        "typescript/no-unsafe-call": "off",
        "typescript/no-unsafe-member-access": "off",
        "typescript/no-unsafe-return": "off",
        "typescript/no-unsafe-argument": "off",
        "typescript/require-array-sort-compare": "off",
      },
    },
    { files: ["main.ts", "**/main.ts", "bin/**", "bench/**"], rules: { "unicorn/no-process-exit": "off" } },
  ],
});
