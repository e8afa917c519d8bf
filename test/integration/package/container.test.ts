import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../../config/config.ts";
import { temporaryFolder } from "../../unit/config/support.ts";

const dockerfile = readFileSync(join(packageRoot, "deploy/Dockerfile"), "utf8");

test("the image's npm ci finds every manifest that it wants among what is copied before it", () => {
  using folder = temporaryFolder();
  const [before = ""] = dockerfile.split(/^RUN npm ci/m);
  for (const [, words = ""] of before.matchAll(/^COPY (?!--)(.+)$/gm)) {
    const [target = "", ...files] = words.split(" ").toReversed();
    mkdirSync(join(folder.path, target), { recursive: true });
    for (const file of files) cpSync(join(packageRoot, file), join(folder.path, target, file.replace(/^.*\//, "")));
  }
  const words = ["ci", "--dry-run", "--ignore-scripts", "--offline", "--no-audit", "--no-fund"];
  const { status, stderr } = spawnSync("npm", words, { cwd: folder.path, encoding: "utf8" });
  expect({ status, errors: stderr.match(/^npm error .*/gm) }).toEqual({ status: 0, errors: null });
});

test("the image starts what the package has, and compose gives it what it takes", () => {
  const [, entry = ""] = /^ENTRYPOINT \["node", "node_modules\/tokenwire\/(.+)"\]$/m.exec(dockerfile) ?? [];
  expect(existsSync(join(packageRoot, entry))).toBe(true);
  const compose = parse(readFileSync(join(packageRoot, "deploy/compose.yaml"), "utf8")) as {
    services: { tokenwire: { build: { args: Record<string, string> }; volumes: string[]; ports: string[] } };
  };
  const { build, volumes, ports } = compose.services.tokenwire;
  const [name = ""] = Object.keys(build.args);
  expect(dockerfile).toContain(`ARG ${name}=`);
  expect(dockerfile).toContain(` AS base-${build.args[name]}`);
  const [, places = ""] = /^VOLUME (\[.*\])$/m.exec(dockerfile) ?? [];
  expect(volumes.map((volume) => volume.split(":")[1])).toEqual(JSON.parse(places));
  expect(`EXPOSE ${ports.map((port) => port.split(":")[1]).join(" ")}`).toBe(/^EXPOSE .*/m.exec(dockerfile)?.[0]);
});

const hasHadolint = spawnSync("hadolint", ["--version"]).status === 0;

test.skipIf(!hasHadolint)("hadolint finds nothing in the Dockerfile", () => {
  const { status, stdout } = spawnSync("hadolint", [join(packageRoot, "deploy/Dockerfile")], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

test("the package carries what its README links to, and what it needs to run", () => {
  const words = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const output = execFileSync("npm", words, {
    cwd: packageRoot,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const packed = new Set(files.map(({ path }) => path));
  const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = ""]) => link);
  expect(links.length).toBeGreaterThan(3);
  const wanted = [...links, "bin/tokenwire.mjs", "models/tiny-guide/tiny-guide-q8_0.gguf", "docs/config.schema.json"];
  expect(wanted.filter((path) => !packed.has(path))).toEqual([]);
});
