import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyGuidePath } from "../tiny-guide.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Addresses {
  /** Of REST. */
  readonly url: string;
  readonly grpcAddress: string;
}

export interface PageFolder {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  /** A page's words with the addresses and folders of this run; each GGUF file they name is tiny-guide. */
  here(text: string): string;
  /** Starts of servers that the page's commands have asked for since the last time. */
  takeStarts(): { readonly cwd: string; readonly argv: readonly string[] }[];
  [Symbol.dispose](): void;
}

/**
 * A folder in which a page's commands run. There `tokenwire`, `npx tokenwire` and `npm start --` are this checkout: what
 * asks a running server is run, and what would start one is noted, to be read as a start would read it.
 */
export function makePageFolder({ url, grpcAddress }: Addresses): PageFolder {
  const path = mkdtempSync(join(tmpdir(), "tokenwire-docs-"));
  const bin = join(path, ".bin");
  mkdirSync(bin);
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  const noted = join(path, ".starts");
  writeFileSync(noted, "");
  const stub = (name: string, body: string): void =>
    writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  const note = `printf '%s\\0' "$PWD" "$@" >>${noted}; printf '\\036' >>${noted}`;
  const program = `exec ${process.execPath} ${join(root, "main.ts")} "$@"`;
  stub("tokenwire", `case "\${1:-}" in ""|-*|serve|service|shim) ${note} ;; *) ${program} ;; esac`);
  stub("npx", `[ "$1" = tokenwire ] && shift && exec tokenwire "$@"; echo "npx $1 is not for a test" >&2; exit 1`);
  stub(
    "npm",
    `[ "$1" = start ] || { echo "npm $1 is not for a test" >&2; exit 1; }\n` +
      `shift; [ "\${1:-}" = -- ] && shift; exec tokenwire "$@"`,
  );
  const words: readonly (readonly [RegExp, string])[] = [
    [/http:\/\/(127\.0\.0\.1|localhost):8000/g, url],
    [/(127\.0\.0\.1|localhost):50051/g, grpcAddress],
    [/\/path\/to\b|\/srv\/models\b/g, `${path}/models`],
  ];
  mkdirSync(join(path, "models"));
  return {
    path,
    env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, TOKENWIRE_ADDRESS: grpcAddress, HOME: path },
    here(text) {
      const written = words.reduce((all, [from, to]) => all.replaceAll(from, to), text);
      for (const [name] of written.matchAll(/[\w/.-]+\.gguf/g)) linkModel(resolve(path, name), path);
      return written;
    },
    takeStarts() {
      const records = readFileSync(noted, "utf8").split("\x1e").slice(0, -1);
      writeFileSync(noted, "");
      return records.map((record) => {
        const [cwd = path, ...argv] = record.split("\0").slice(0, -1);
        return { cwd, argv };
      });
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function linkModel(file: string, folder: string): void {
  if (!file.startsWith(folder)) return;
  mkdirSync(dirname(file), { recursive: true });
  try {
    symlinkSync(tinyGuidePath, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
