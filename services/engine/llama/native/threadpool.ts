import koffi, { type KoffiFunc } from "koffi";
import { callAsync, type DeviceApi } from "./api.ts";
import { NativeBuffer } from "./buffer.ts";
import type { ThreadpoolPointer } from "./pointer.ts";
import { threadpoolParamsType, threadpoolParts } from "./structs.ts";

export interface ThreadpoolOptions {
  /** Most that compute at once. */
  readonly threads: number;
  /** How long an idle thread spins for the next graph before it sleeps: 0 (not at all) to 100. */
  readonly poll: number;
  /** The CPUs that this process may run on; undefined: not known. */
  readonly cpus: readonly number[] | undefined;
}

/** The compute threads of a process, for its contexts. One decode at a time may use them. */
export interface Threadpools {
  /** The pool for a decode with so many threads. */
  of(threads: number): ThreadpoolPointer;
  /** Only after every context that they are attached to is freed. */
  free(): void;
}

/**
 * Creates ggml threadpools that live as long as their contexts: without one the prebuilt libraries create and join their
 * threads in every decode. Where every CPU computes, each of them stays on a CPU of its own, which leaves the last one
 * for the thread that calls: ggml's threads wait for each other by spinning, so that two which the system has put on one
 * CPU keep each other from the work for milliseconds. Fewer threads go wherever there is room.
 */
export async function createThreadpools(api: DeviceApi, options: ThreadpoolOptions): Promise<Threadpools> {
  const functions = bindThreadpools(api);
  const cpus = options.cpus?.every((cpu) => cpu < threadpoolParts.cpus) ? options.cpus : undefined;
  const isOnePerCpu = cpus !== undefined && cpus.length > 1 && cpus.length === options.threads;
  const bound = isOnePerCpu ? await createPool(api, functions, { ...options, cpus, strict: true }) : undefined;
  // Whoever calls a pool that was at rest takes its place from it, so the free one must name all places to undo that.
  const free = await createPool(api, functions, { ...options, cpus: isOnePerCpu ? cpus : [], strict: false });
  return {
    of: (threads) => (threads === options.threads ? (bound ?? free) : free),
    free() {
      for (const pool of [bound, free]) if (pool !== undefined) functions.free(pool);
    },
  };
}

type Functions = ReturnType<typeof bindThreadpools>;

function bindThreadpools(api: DeviceApi) {
  const cpu = api.byType(0);
  if (cpu === null) throw new Error("ggml has no CPU backend");
  const registry = api.registryOf(cpu);
  const symbol = (name: string): bigint => {
    const address = api.procAddress(registry, name);
    if (address === null) throw new Error(`ggml's CPU backend has no ${name}`);
    return address;
  };
  return {
    create: koffi.decode(symbol("ggml_threadpool_new"), koffi.proto("void *", ["void *"])) as KoffiFunc<
      (params: bigint) => ThreadpoolPointer | null
    >,
    free: koffi.decode(symbol("ggml_threadpool_free"), koffi.proto("void", ["void *"])) as KoffiFunc<
      (pool: ThreadpoolPointer) => void
    >,
  };
}

interface PoolOptions {
  readonly threads: number;
  readonly poll: number;
  /** Where its threads may run; empty: wherever their creator may. */
  readonly cpus: readonly number[];
  /** One CPU for each thread. */
  readonly strict: boolean;
}

async function createPool(
  api: DeviceApi,
  { create }: Functions,
  { threads, poll, cpus, strict }: PoolOptions,
): Promise<ThreadpoolPointer> {
  const params = new NativeBuffer(koffi.sizeof(threadpoolParamsType));
  api.threadpoolParams(params.address, threads);
  params.data.setUint32(threadpoolParts.poll, poll, true);
  for (const cpu of cpus) params.data.setUint8(cpu, 1);
  params.data.setUint8(threadpoolParts.strict, strict ? 1 : 0);
  // ggml moves the thread that calls this to the last of the CPUs, which must not be the one that serves everybody.
  const pool = await callAsync(create, params.address);
  params.free();
  if (pool === null) throw new Error(`ggml could not create a threadpool of ${threads} threads`);
  return pool;
}
