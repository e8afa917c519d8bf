import { availableParallelism, cpus } from "node:os";

export interface Threads {
  readonly decode: number;
  readonly prefill: number;
}

export interface ThreadSettings {
  /** undefined: chosen here, and fewer while others keep the cores busy. -1: every core. */
  readonly n_threads: number | undefined;
  readonly n_threads_batch: number | undefined;
}

export interface ThreadChooser {
  readonly max: Threads;
  /** For the step that begins. */
  readonly now: () => Threads;
  /** There is nothing to compute for now. */
  readonly idle: () => void;
}

/** How often the machine is looked at while we compute, the first times sooner: os.cpus() reads a file per core. */
const sampleMs = 300;
const firstSampleMs = 100;

/**
 * Chooses how many threads compute. More threads than free cores are far worse than one less: ggml's threads wait for
 * each other by spinning, and one that is off its core makes all others burn theirs (1 s of work took 40 s). So when
 * not told otherwise it starts from the cores this process may use and steps back while other processes use them.
 * What they did while we rested says nothing of now: work begins with every core again.
 */
export function createThreadChooser(settings: ThreadSettings, mathCores: number): ThreadChooser {
  const cores = availableParallelism();
  const own = Math.max(1, Math.min(mathCores, cores));
  const given = (value: number | undefined): number | undefined => (value === -1 ? cores : value);
  const decode = given(settings.n_threads);
  const prefill = given(settings.n_threads_batch) ?? decode;
  const max = { decode: decode ?? own, prefill: prefill ?? own };
  let chosen = max;
  let last: Sample | undefined;
  /** When to look at the machine next; undefined: idle. Work that is shorter is not worth a look. */
  let lookAt: number | undefined;
  return {
    max,
    now() {
      if (decode !== undefined && prefill !== undefined) return max;
      const at = performance.now();
      if (lookAt === undefined) {
        chosen = max;
        lookAt = at + firstSampleMs;
      }
      if (at < lookAt) return chosen;
      const sample = takeSample();
      if (last !== undefined) {
        const load = { cores: cpus().length, othersBusy: busyOthers(last, sample) };
        chosen = {
          decode: decode ?? nextThreads(chosen.decode, { max: max.decode, ...load }),
          prefill: prefill ?? nextThreads(chosen.prefill, { max: max.prefill, ...load }),
        };
      }
      lookAt = at + (last === undefined ? firstSampleMs : sampleMs);
      last = sample;
      return chosen;
    },
    idle() {
      last = undefined;
      lookAt = undefined;
    },
  };
}

/** Of the core that the last thread runs on, others may use this much: two threads on 1.5 cores still beat one. */
const shareToStay = 0.8;
/** Going up needs more room than staying does, so that the number does not flutter. */
const shareToRise = 0.5;

/** How many threads fit beside what others use, in cores. */
export function nextThreads(
  current: number,
  { max, cores, othersBusy }: { max: number; cores: number; othersBusy: number },
): number {
  const free = cores - othersBusy;
  const stay = Math.floor(free + shareToStay);
  const up = Math.floor(free + shareToRise);
  return Math.max(1, Math.min(max, up > current ? up : Math.min(current, stay)));
}

interface Sample {
  readonly at: number;
  /** CPU time of all processes and of this one, in ms. */
  readonly all: number;
  readonly own: number;
}

function takeSample(): Sample {
  const { user, system } = process.cpuUsage();
  const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { at: performance.now(), all, own: (user + system) / 1000 };
}

function busyOthers(from: Sample, to: Sample): number {
  return Math.max(0, (to.all - from.all - (to.own - from.own)) / (to.at - from.at));
}
