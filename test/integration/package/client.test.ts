import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";
import { copyCheckout, pack, type Packed } from "../../support/packed.ts";
import { oldNode } from "../../support/old-node.ts";
import { type InferenceHandlers, startRpc } from "../../support/rpc.ts";
import { startTrpc } from "../../support/rpc-trpc.ts";
import { temporaryFolder } from "../../unit/config/support.ts";

const folder = temporaryFolder();
const consumer = join(folder.path, "consumer");
let packed: Packed;

beforeAll(() => {
  const checkout = join(folder.path, "checkout");
  copyCheckout(checkout);
  packed = pack(join(checkout, "packages/client"));
  packed.installIn(consumer);
}, 120_000);
afterAll(() => folder[Symbol.dispose]());

/** The code of one heading of the package's README. */
function snippet(heading: string): string {
  const readme = readFileSync(join(packageRoot, "packages/client/README.md"), "utf8");
  const [, code] = new RegExp(`^## ${heading}\n[^]*?\`\`\`ts\n([^]*?)\`\`\``, "m").exec(readme) ?? [];
  if (code === undefined) throw new Error(`README.md of the client has no code below ${heading}`);
  return code;
}

/** Runs a module beside the installed package, with what a test has listening in the place of what it names. */
async function run(code: string, replace: Readonly<Record<string, string>>, node: string): Promise<string> {
  let text = code;
  for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to);
  writeFileSync(join(consumer, "run.mjs"), text);
  const { stdout } = await promisify(execFile)(node, ["run.mjs"], { cwd: consumer, timeout: 20_000 });
  return stdout;
}

/** This Node, and the machine's own where it is older. */
const nodes = [process.execPath, ...(oldNode === undefined ? [] : [oldNode])];

const answer: Partial<InferenceHandlers> = {
  async *chat() {
    yield { event: { case: "text", value: { text: "Hi there" } } };
  },
};

describe("@tokenwire/client, packed", () => {
  test("has the version, and the versions of its dependencies, of the server", () => {
    const read = (path: string) =>
      JSON.parse(readFileSync(join(packageRoot, path), "utf8")) as {
        version: string;
        dependencies: Record<string, string>;
      };
    const [client, server] = [read("packages/client/package.json"), read("package.json")];
    expect(client.version).toBe(server.version);
    for (const [name, version] of Object.entries(client.dependencies)) expect(server.dependencies[name]).toBe(version);
  });

  test("publint finds nothing", async () => {
    const { tarball } = packed;
    const bytes = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test("attw finds its types right for ES modules and bundlers", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(packed.tarball));
    expect(analysis.types).not.toBe(false);
    // Subpaths by `exports` are for resolvers that know it, and a CommonJS file may import() an ES module.
    const ignored = (problem: { kind: string; resolutionKind?: string }) =>
      problem.resolutionKind === "node10" || problem.kind === "CJSResolvesToESM";
    expect("problems" in analysis ? analysis.problems.filter((problem) => !ignored(problem)) : []).toEqual([]);
  });

  test.each([
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "preserve", moduleResolution: "bundler" },
  ])("what its README shows type-checks for a consumer with $moduleResolution", (resolution) => {
    const source = join(consumer, resolution.moduleResolution);
    mkdirSync(source);
    writeFileSync(join(source, "service.ts"), snippet("gRPC, for services"));
    writeFileSync(join(source, "frontend.ts"), snippet("tRPC, for frontends"));
    writeFileSync(join(source, "page.ts"), snippet("tRPC, for frontends").replace("client/trpc", "client/browser"));
    // A wrong input is seen, so that the types say something.
    writeFileSync(
      join(source, "wrong.ts"),
      `import { createTrpcClient } from "@tokenwire/client/trpc";
// @ts-expect-error
void createTrpcClient({ url: "x" }).chat.mutate({ messages: "Hello" });
export {};`,
    );
    const compilerOptions = {
      ...resolution,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable", "esnext.disposable"],
      types: ["node"],
      typeRoots: [join(packageRoot, "node_modules/@types")],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(source, "package.json"), '{ "type": "module" }');
    writeFileSync(join(source, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const tsc = join(packageRoot, "node_modules/typescript/bin/tsc");
    const words = [tsc, "-p", join(source, "tsconfig.json"), "--pretty", "false"];
    const check = () => execFileSync(process.execPath, words, { encoding: "utf8", stdio: "pipe" });
    expect(problemsOf(check)).toEqual([]);
  });

  test.each(nodes)("calls a server over gRPC (%s)", async (node) => {
    await using rpc = await startRpc(answer);
    const code = snippet("gRPC, for services").replace(" as const", "");
    expect(await run(code, { "localhost:50051": rpc.address }, node)).toBe("Hi there");
  });

  test.each(nodes.flatMap((node) => ["trpc", "browser"].map((entry) => [node, entry] as const)))(
    "calls a server over tRPC (%s, %s)",
    async (node, entry) => {
      await using rpc = await startRpc(answer);
      await using trpc = await startTrpc(rpc);
      const typed = snippet("tRPC, for frontends");
      const code = typed.replace(", type AppRouter", "").replace("client/trpc", `client/${entry}`);
      expect(await run(code, { "https://llm.example.com/trpc": trpc.url }, node)).toContain("Hi there");
    },
  );

  test("its file for browsers imports nothing", () => {
    const text = readFileSync(join(consumer, "node_modules/@tokenwire/client/dist/browser.js"), "utf8");
    expect(text).not.toMatch(/\bfrom\s*["']|\bimport\s*\(|\brequire\s*\(|\bprocess\.(?!env\.NODE_ENV)/);
  });
});

/** What tsc writes to stdout when it fails. */
function problemsOf(check: () => string): string[] {
  try {
    return check()
      .split("\n")
      .filter((line) => line !== "");
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout).split("\n");
  }
}
