import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../config/config.ts";

export interface Packed {
  /** The tarball that would be published. */
  readonly tarball: Buffer;
  /** Unpacks it as a consumer in `folder` has it, with the dependencies that it declares, and no others, beside it. */
  readonly installIn: (folder: string) => void;
}

/** A copy of what git has of this checkout, in which packing disturbs nobody, with this checkout's node_modules. */
export function copyCheckout(to: string): void {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const files = execFileSync("git", words, { cwd: packageRoot, encoding: "utf8", maxBuffer: 2 ** 26 }).split("\0");
  for (const file of files) {
    if (file === "" || file.startsWith("test/")) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(packageRoot, file), join(to, file));
  }
  symlinkSync(join(packageRoot, "node_modules"), join(to, "node_modules"));
}

/** Packs the package in `folder`, as `npm publish` would. */
export function pack(folder: string): Packed {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Scripts write before it.
  const [{ filename }] = JSON.parse(output.slice(output.search(/^\[/m))) as [{ filename: string }];
  const file = join(folder, filename.replace("@", "").replace("/", "-"));
  return {
    tarball: readFileSync(file),
    installIn(target) {
      const modules = join(target, "node_modules");
      mkdirSync(modules, { recursive: true });
      execFileSync("tar", ["-xzf", file, "-C", modules]);
      const manifest = JSON.parse(readFileSync(join(modules, "package/package.json"), "utf8")) as {
        name: string;
        dependencies: Readonly<Record<string, string>>;
      };
      const place = (name: string): string => {
        mkdirSync(dirname(join(modules, name)), { recursive: true });
        return join(modules, name);
      };
      cpSync(join(modules, "package"), place(manifest.name), { recursive: true });
      for (const name of Object.keys(manifest.dependencies))
        symlinkSync(join(packageRoot, "node_modules", name), place(name));
    },
  };
}
