export type KvOverride =
  | { readonly key: string; readonly type: "int"; readonly value: bigint }
  | { readonly key: string; readonly type: "float"; readonly value: number }
  | { readonly key: string; readonly type: "bool"; readonly value: boolean }
  | { readonly key: string; readonly type: "str"; readonly value: string };

/** `key=type:value` as llama_cpp.server has it. */
const pattern =
  /^([^=\0]+)=(?:int:([+-]?\d{1,18})|float:([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|bool:(true|false)|str:([^\0]*))$/i;
/** llama.cpp keeps keys and texts in 128 bytes, the closing zero included. */
const maxBytes = 127;

/** Reads one item of the setting `kv_overrides`. Throws on a text that the setting's schema refuses. */
export function parseKvOverride(text: string): KvOverride {
  const [, key, int, float, bool, str] = pattern.exec(text) ?? [];
  if (key === undefined || !fits(key)) throw new Error(`"${text}" is not an override of the form key=type:value`);
  if (int !== undefined) return { key, type: "int", value: BigInt(int.replace(/^\+/, "")) };
  if (float !== undefined) return { key, type: "float", value: Number(float) };
  if (bool !== undefined) return { key, type: "bool", value: bool.toLowerCase() === "true" };
  if (str !== undefined && fits(str)) return { key, type: "str", value: str };
  throw new Error(`"${text}" has a text of more than ${maxBytes} bytes`);
}

/** Whether `parseKvOverride` reads a text. */
export function isKvOverride(text: string): boolean {
  try {
    parseKvOverride(text);
    return true;
  } catch {
    return false;
  }
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= maxBytes;
}
