import koffi from "koffi";
import type { Libraries } from "../libraries/libraries.ts";
import type { AnyPointer, ContextPointer, DevicePointer } from "./pointer.ts";

/** Bytes that a context and its model take in one kind of buffer. */
export interface BufferUse {
  /** Of ggml: `CPU`, `CPU_Mapped`, `CPU_REPACK`, `Vulkan0` … */
  readonly buffer: string;
  /** undefined: the CPU's memory. */
  readonly device: DevicePointer | undefined;
  readonly weights: number;
  /** The KV cache, or another memory of the model. */
  readonly kv: number;
  readonly compute: number;
}

/**
 * llama_get_memory_breakdown of llama-ext.h, which is C++: it returns a std::map from buffer types to three sizes. These
 * are libstdc++'s layouts, so it is read on Linux only; the release is pinned, and abi-check.ts refuses another.
 */
const mapType = koffi.struct("tw_breakdown_map", {
  compare: "size_t",
  color: "size_t",
  root: "void *",
  leftmost: "void *",
  rightmost: "void *",
  count: "size_t",
});
const nodeType = koffi.struct("tw_breakdown_node", {
  color: "size_t",
  parent: "void *",
  left: "void *",
  right: "void *",
  buffer: "void *",
  weights: "size_t",
  kv: "size_t",
  compute: "size_t",
});
const symbol = "_Z26llama_get_memory_breakdownPK13llama_context";

interface BreakdownNode {
  readonly left: AnyPointer | null;
  readonly right: AnyPointer | null;
  readonly buffer: AnyPointer;
  readonly weights: number | bigint;
  readonly kv: number | bigint;
  readonly compute: number | bigint;
}

/** What a context and its model take, by kind of buffer; of a model that was opened without its data, what they would. */
export type ReadBreakdown = (context: ContextPointer) => BufferUse[];

/** undefined: these libraries do not say. Each call leaks the few hundred bytes of llama.cpp's answer. */
export function bindBreakdown({ llama, ggmlBase }: Libraries): ReadBreakdown | undefined {
  if (process.platform !== "linux") return undefined;
  let read: (context: ContextPointer) => { readonly root: AnyPointer | null; readonly count: number | bigint };
  try {
    read = llama.func(symbol, mapType, ["void *"]) as unknown as typeof read;
  } catch {
    return undefined;
  }
  const nameOf = ggmlBase.func("const char *ggml_backend_buft_name(void *buft)") as unknown as (
    of: AnyPointer,
  ) => string;
  const isHost = ggmlBase.func("bool ggml_backend_buft_is_host(void *buft)") as unknown as (of: AnyPointer) => boolean;
  const deviceOf = ggmlBase.func("void *ggml_backend_buft_get_device(void *buft)") as unknown as (
    of: AnyPointer,
  ) => DevicePointer | null;
  const collect = (at: AnyPointer | null): BufferUse[] => {
    if (at === null) return [];
    const { left, right, buffer, weights, kv, compute } = koffi.decode(at, nodeType) as BreakdownNode;
    const use = {
      buffer: nameOf(buffer),
      device: isHost(buffer) ? undefined : (deviceOf(buffer) ?? undefined),
      weights: Number(weights),
      kv: Number(kv),
      compute: Number(compute),
    };
    return [...collect(left), use, ...collect(right)];
  };
  return (context) => collect(read(context).root);
}
