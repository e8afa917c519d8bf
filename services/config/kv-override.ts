/** `key=type:value` as llama_cpp.server reads it. llama.cpp keeps keys and texts in 128 bytes, the closing zero included. */
export const kvOverridePattern =
  /^[^=\0]{1,127}=(?:int:[+-]?\d{1,18}|float:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|bool:(?:true|false)|str:[^\0]{0,127})$/;

export type KvOverride =
  | { readonly key: string; readonly type: "int"; readonly value: bigint }
  | { readonly key: string; readonly type: "float"; readonly value: number }
  | { readonly key: string; readonly type: "bool"; readonly value: boolean }
  | { readonly key: string; readonly type: "str"; readonly value: string };

/** Reads one item of the setting `kv_overrides`. Throws on a text that the setting's schema would have refused. */
export function parseKvOverride(text: string): KvOverride {
  const [, key, type, value] = /^([^=]+)=([a-z]+):(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined || !kvOverridePattern.test(text))
    throw new Error(`"${text}" is not key=type:value with the type int, float, bool or str`);
  switch (type) {
    case "int":
      return { key, type, value: BigInt(value) };
    case "float":
      return { key, type, value: Number(value) };
    case "bool":
      return { key, type, value: value === "true" };
    default:
      return { key, type: "str", value };
  }
}
