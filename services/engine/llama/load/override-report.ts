import { parseKvOverride } from "../../../../settings/model/kv-override.ts";

/** What became of `kv_overrides`, which llama.cpp tells in its log alone. */
export interface OverrideReport {
  /** Is shown every line of the log while the model loads. */
  readLine(line: string): void;
  /** Why one of them cannot be used; undefined: they all can. */
  fault(): string | undefined;
  /** A sentence about each key that nothing asked for, so that the file's value stands, if it has one. */
  warnings(): string[];
}

const used = /Using metadata override \([^)]*\) '(.*)' =/;
const mistyped = /Bad metadata override type for key '(.*)', expected (\w+) but got (\w+)/;

/** @param overrides as the setting has them */
export function createOverrideReport(overrides: readonly string[] = []): OverrideReport {
  const keys = overrides.map((text) => parseKvOverride(text).key);
  const known = new Set<string>();
  let fault: string | undefined;
  return {
    readLine(line) {
      const [, key] = used.exec(line) ?? [];
      if (key !== undefined) known.add(key);
      const [, wrong, expected, got] = mistyped.exec(line) ?? [];
      if (wrong !== undefined) fault ??= `kv_overrides has ${wrong} as ${got}, and the model reads it as ${expected}`;
    },
    fault: () => fault,
    warnings: () =>
      keys
        .filter((key) => !known.has(key))
        .map((key) => `kv_overrides has no effect on ${key}: loading this model does not ask for it`),
  };
}
