import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const pages = globSync(["README.md", "README.ja.md", "CHANGELOG.md", "docs/**/*.md"], { cwd: root }).sort();

/** Of a heading, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replaceAll(" ", "-");

test.each(pages)("every link of %s leads to something that is there", (page) => {
  const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)].filter(
    ([, path = "", anchor]) => {
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      if (anchor === undefined) return false;
      return ![...read(target).matchAll(/^#+ (.*)$/gm)].some(([, heading = ""]) => anchorOf(heading) === anchor);
    },
  );
  expect(broken.map(([link]) => link)).toEqual([]);
});

test("docs/README.md leads to every page", () => {
  const way = read("docs/README.md");
  const missing = pages.filter(
    (page) => page.startsWith("docs/") && page !== "docs/README.md" && !way.includes(`(${page.slice("docs/".length)})`),
  );
  expect(missing).toEqual([]);
});

test("the messages in troubleshooting.md are those that the code writes", () => {
  const folders = ["bin", "cli", "clients", "config", "services", "settings", "shim"];
  const code = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,mjs}`),
    { cwd: root },
  )
    .map(read)
    .join("\n");
  const rows = read("docs/troubleshooting.md")
    .split("\n")
    .filter((line) => /^\| .*`/.test(line))
    // The last column is our own words.
    .map((line) => line.split("|").slice(1, -2).join("|"));
  const messages = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message));
  const parts = messages.flatMap((message) => message.split("…")).map((part) => part.replace(/^[\s:]+|[\s:]+$/g, ""));
  expect(parts.filter((part) => part.length > 2).length).toBeGreaterThan(20);
  expect(parts.filter((part) => !code.includes(part))).toEqual([]);
});
