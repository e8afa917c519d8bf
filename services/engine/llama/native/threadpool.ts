import koffi, { type KoffiFunc } from "koffi";
import type { DeviceApi } from "./api.ts";
import { NativeBuffer } from "./buffer.ts";
import type { ThreadpoolPointer } from "./pointer.ts";
import { threadpoolParamsType, threadpoolPollOffset } from "./structs.ts";

export interface Threadpool {
  readonly pointer: ThreadpoolPointer;
  readonly threads: number;
  /** Only after every context that it is attached to is freed. */
  free(): void;
}

/**
 * Creates a ggml threadpool that lives as long as its contexts. Without one the prebuilt libraries create and join
 * their threads in every decode. One decode at a time may use it.
 *
 * @param poll how long an idle thread spins for the next graph before it sleeps: 0 (not at all) to 100
 */
export function createThreadpool(api: DeviceApi, { threads, poll }: { threads: number; poll: number }): Threadpool {
  const cpu = api.byType(0);
  if (cpu === null) throw new Error("ggml has no CPU backend");
  const registry = api.registryOf(cpu);
  const symbol = (name: string): bigint => {
    const address = api.procAddress(registry, name);
    if (address === null) throw new Error(`ggml's CPU backend has no ${name}`);
    return address;
  };
  const create = koffi.decode(symbol("ggml_threadpool_new"), koffi.proto("void *", ["void *"])) as KoffiFunc<
    (params: bigint) => ThreadpoolPointer | null
  >;
  const free = koffi.decode(symbol("ggml_threadpool_free"), koffi.proto("void", ["void *"])) as KoffiFunc<
    (pool: ThreadpoolPointer) => void
  >;
  const params = new NativeBuffer(koffi.sizeof(threadpoolParamsType));
  api.threadpoolParams(params.address, threads);
  params.data.setUint32(threadpoolPollOffset, poll, true);
  const pointer = create(params.address);
  params.free();
  if (pointer === null) throw new Error(`ggml could not create a threadpool of ${threads} threads`);
  return { pointer, threads, free: () => free(pointer) };
}
