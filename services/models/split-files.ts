import { existsSync } from "node:fs";

const firstPart = /^(.*)-00001-of-(\d{5})\.gguf$/;

/** All files of a model, of which the first is named: `name-00001-of-00003.gguf` and its siblings, or that file alone. */
export function splitFiles(path: string): string[] {
  const [, name, count] = firstPart.exec(path) ?? [];
  if (name === undefined || count === undefined) return [path];
  const paths = Array.from({ length: Number(count) }, (_, index) => {
    return `${name}-${String(index + 1).padStart(5, "0")}-of-${count}.gguf`;
  });
  return paths.filter((part) => existsSync(part));
}
