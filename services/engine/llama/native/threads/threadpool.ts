import koffi, { type KoffiFunc } from "koffi";
import { bindAffinity, threadsOfProcess } from "./affinity.ts";
import type { DeviceApi } from "../api.ts";
import { NativeBuffer } from "../buffers/buffer.ts";
import type { ThreadpoolPointer } from "../buffers/pointer.ts";
import { threadpoolParamsType, threadpoolPollOffset } from "../structs.ts";

export interface Threadpool {
  readonly pointer: ThreadpoolPointer;
  readonly threads: number;
  /** To be called before a decode, with the number of threads that compute it. */
  place(threads: number): void;
  /** Runs what computes on this thread, which keeps meanwhile to the CPU that the pool's threads leave it. */
  here<T>(compute: () => T): T;
  /** Only after every context that it is attached to is freed. */
  free(): void;
}

export interface ThreadpoolOptions {
  readonly threads: number;
  /** How long an idle thread spins for the next graph before it sleeps: 0 (not at all) to 100. */
  readonly poll: number;
  /** The CPUs that this process may run on; undefined: not known. */
  readonly cpus: readonly number[] | undefined;
}

/**
 * Creates a ggml threadpool that lives as long as its contexts. Without one the prebuilt libraries create and join
 * their threads in every decode. One decode at a time may use it.
 *
 * Where every CPU computes, each of the pool's threads keeps to one, which leaves the last to the thread that calls:
 * ggml's threads wait for each other by spinning, so that two which the system has put on one CPU keep each other from
 * the work for milliseconds. Fewer threads go wherever there is room. ggml could place them too, but would place its
 * caller as well, and leave it there.
 */
export function createThreadpool(api: DeviceApi, { threads, poll, cpus }: ThreadpoolOptions): Threadpool {
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
  const before = new Set(threadsOfProcess());
  const pointer = create(params.address);
  params.free();
  if (pointer === null) throw new Error(`ggml could not create a threadpool of ${threads} threads`);
  const own = threadsOfProcess().filter((thread) => !before.has(thread));
  const isPlaced = cpus?.length === threads && own.length === threads - 1;
  const placing = isPlaced ? createPlacing(own, cpus) : anywhere;
  return { pointer, threads, ...placing, free: () => free(pointer) };
}

type Placing = Pick<Threadpool, "place" | "here">;

const anywhere: Placing = { place() {}, here: (compute) => compute() };

/** What sched_setaffinity understands as the thread that calls it. */
const callingThread = 0;

/** Gives each of some threads a CPU of its own while all of `cpus` compute, and all of them to each at other times. */
function createPlacing(own: readonly number[], cpus: readonly number[]): Placing {
  const setCpus = bindAffinity();
  let isBound = false;
  return {
    place(threads) {
      if (isBound === (threads === cpus.length)) return;
      isBound = !isBound;
      for (const [index, thread] of own.entries()) setCpus(thread, isBound ? cpus.slice(index, index + 1) : cpus);
    },
    here(compute) {
      if (!isBound) return compute();
      // For no longer than it computes: threads that are begun later would inherit the place.
      setCpus(callingThread, cpus.slice(-1));
      try {
        return compute();
      } finally {
        setCpus(callingThread, cpus);
      }
    },
  };
}
