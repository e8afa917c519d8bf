/** Why a load has failed. */
export interface LoadFault {
  readonly message: string;
  /** For want of memory that was thought to be there. */
  readonly memory?: boolean;
}

/**
 * Where one model's worker process is. `failures` counts processes in a row that did not end well, `loadCrashes` those of
 * them that ended during the load, one after another.
 */
export type WorkerState =
  /** No process, and nobody has asked for one. */
  | { readonly name: "unloaded" }
  /** A process runs and loads the model. */
  | { readonly name: "starting"; readonly failures: number; readonly loadCrashes: number }
  /** A process runs, has said what its model takes, and waits for room. */
  | { readonly name: "prepared"; readonly failures: number; readonly loadCrashes: number }
  | { readonly name: "ready"; readonly failures: number }
  /** Somebody else has told the process to end: it finishes what runs and takes nothing new. */
  | { readonly name: "draining" }
  /** The load failed; the process is being ended. */
  | ({ readonly name: "failing"; readonly failures: number } & LoadFault)
  /** No process; the next demand from `retryAtMs` on starts one. */
  | ({ readonly name: "failed"; readonly failures: number; readonly retryAtMs: number } & LoadFault)
  /** No process; one is started by itself when the timer fires. */
  | { readonly name: "backoff"; readonly failures: number; readonly loadCrashes: number; readonly message: string }
  /** The model is not to be in memory: the process finishes its last words. `wanted`: somebody has asked for it since. */
  | { readonly name: "unloading"; readonly wanted: boolean }
  | { readonly name: "stopping" }
  | { readonly name: "stopped" };

/** What happens to a worker. Events of an earlier process must not reach the state of a later one. */
export type WorkerEvent =
  | { readonly type: "demand"; readonly nowMs: number }
  | { readonly type: "progress" }
  | { readonly type: "prepared" }
  | { readonly type: "proceed" }
  | { readonly type: "ready" }
  | ({ readonly type: "loadFailed" } & LoadFault)
  | { readonly type: "closing" }
  /** `force`: what runs is cut off. */
  | { readonly type: "unload"; readonly force: boolean }
  /** `used`: requests were sent to it. */
  | { readonly type: "exited"; readonly how: string; readonly used: boolean; readonly nowMs: number }
  | { readonly type: "timer" }
  | { readonly type: "stop" };

/** What the shell must do. There is one timer: each step that changes the state's name, and each `timer`, replaces it. */
export type WorkerEffect =
  | { readonly type: "spawn" }
  /** SIGTERM: finish what runs. */
  | { readonly type: "terminate" }
  /** SIGKILL. */
  | { readonly type: "kill" }
  | { readonly type: "timer"; readonly ms: number };

export interface WorkerLimits {
  /** A load without progress for so long is given up. */
  readonly stallMs: number;
  /** Ready for so long, the failures before are forgotten. */
  readonly healthyMs: number;
  /** What a process that was asked to end has to do so. */
  readonly graceMs: number;
  /** Between two questions whether a loaded worker is there, and what it has to answer one. */
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
  /** Crashes during the load, one after another (a native assertion, the OOM killer …) after which only a new request tries again. */
  readonly loadCrashes: number;
}

/**
 * The stall is generous: a large model on a network disk may be silent for minutes. A loaded worker answers within
 * milliseconds, as native work has threads of its own.
 */
export const workerLimits: WorkerLimits = {
  stallMs: 300_000,
  healthyMs: 60_000,
  graceMs: 10_000,
  probeEveryMs: 2_000,
  probeTimeoutMs: 5_000,
  loadCrashes: 3,
};

/** How long to wait after the n-th failure in a row: 0.1 s, doubled each time, at most 30 s. The shell adds jitter. */
export function backoffMs(failures: number): number {
  return Math.min(30_000, 100 * 2 ** Math.max(0, failures - 1));
}

export interface WorkerStep {
  readonly state: WorkerState;
  readonly effects: readonly WorkerEffect[];
}

type StateOf<N> = Extract<WorkerState, { name: N }>;
type EventOf<T> = Extract<WorkerEvent, { type: T }>;
type Transitions = {
  readonly [N in WorkerState["name"]]: {
    readonly [T in WorkerEvent["type"]]?: (state: StateOf<N>, event: EventOf<T>, limits: WorkerLimits) => WorkerStep;
  };
};

const step = (state: WorkerState, ...effects: WorkerEffect[]): WorkerStep => ({ state, effects });
const start = (failures: number, loadCrashes: number, limits: WorkerLimits) =>
  step({ name: "starting", failures, loadCrashes }, { type: "spawn" }, { type: "timer", ms: limits.stallMs });
const endProcess = (state: WorkerState, limits: WorkerLimits) =>
  step(state, { type: "terminate" }, { type: "timer", ms: limits.graceMs });
const unloadProcess = (force: boolean, limits: WorkerLimits) =>
  force
    ? step({ name: "unloading", wanted: false }, { type: "kill" })
    : endProcess({ name: "unloading", wanted: false }, limits);
const stopProcess = (limits: WorkerLimits) => endProcess({ name: "stopping" }, limits);
const comeBack = (failures: number, loadCrashes: number, message: string) =>
  step({ name: "backoff", failures, loadCrashes, message }, { type: "timer", ms: backoffMs(failures) });
const giveUp = (failures: number, fault: LoadFault, nowMs: number) =>
  step({ name: "failed", failures, ...fault, retryAtMs: nowMs + backoffMs(failures) });
const faultOf = ({ message, memory }: LoadFault): LoadFault => ({ message, ...(memory && { memory }) });

/** From each state, what each event leads to. A pair that is not here changes nothing. */
const transitions: Transitions = {
  unloaded: {
    demand: (_, __, limits) => start(0, 0, limits),
    loadFailed: (_, event) => step({ name: "failed", failures: 0, ...faultOf(event), retryAtMs: 0 }),
    stop: () => step({ name: "stopped" }),
  },
  starting: {
    progress: (state, _, limits) => step(state, { type: "timer", ms: limits.stallMs }),
    prepared: ({ failures, loadCrashes }) => step({ name: "prepared", failures, loadCrashes }),
    ready: ({ failures }, _, limits) => step({ name: "ready", failures }, { type: "timer", ms: limits.healthyMs }),
    // The worker has said what is wrong and has nothing left to finish.
    loadFailed: ({ failures }, event) =>
      step({ name: "failing", failures: failures + 1, ...faultOf(event) }, { type: "kill" }),
    timer: ({ failures }, _, limits) => {
      const message = `its load made no progress for ${limits.stallMs / 1000} s`;
      return step({ name: "failing", failures: failures + 1, message }, { type: "kill" });
    },
    exited: ({ failures, loadCrashes }, { how, nowMs }, limits) => {
      const message = `its process ${how} while it was loading`;
      if (loadCrashes + 1 >= limits.loadCrashes) return giveUp(failures + 1, { message }, nowMs);
      return comeBack(failures + 1, loadCrashes + 1, message);
    },
    // Nothing runs on it that could finish.
    unload: (_, __, limits) => unloadProcess(true, limits),
    stop: (_, __, limits) => stopProcess(limits),
  },
  prepared: {
    proceed: ({ failures, loadCrashes }, _, limits) =>
      step({ name: "starting", failures, loadCrashes }, { type: "timer", ms: limits.stallMs }),
    loadFailed: ({ failures }, event) =>
      step({ name: "failing", failures: failures + 1, ...faultOf(event) }, { type: "kill" }),
    exited: ({ failures, loadCrashes }, { how }) =>
      comeBack(failures + 1, loadCrashes, `its process ${how} while it waited for room`),
    unload: (_, __, limits) => unloadProcess(true, limits),
    stop: (_, __, limits) => stopProcess(limits),
  },
  ready: {
    timer: () => step({ name: "ready", failures: 0 }),
    // One request after another may end a worker, and who waits has nothing to do with it: they are told apart in
    // quarantine.ts. A process that dies by itself comes back later each time.
    exited: ({ failures }, { how, used }) => comeBack(used ? 1 : failures + 1, 0, `its process ${how}`),
    closing: () => step({ name: "draining" }),
    unload: (_, { force }, limits) => unloadProcess(force, limits),
    stop: (_, __, limits) => stopProcess(limits),
  },
  draining: {
    // It was not its fault, so there is nothing to wait for.
    exited: (_, __, limits) => start(0, 0, limits),
    unload: (_, { force }, limits) => unloadProcess(force, limits),
    stop: (_, __, limits) => stopProcess(limits),
  },
  failing: {
    exited: ({ failures, ...fault }, { nowMs }) => giveUp(failures, faultOf(fault), nowMs),
    unload: (_, __, limits) => unloadProcess(true, limits),
    stop: () => step({ name: "stopping" }, { type: "kill" }),
  },
  failed: {
    demand: (state, { nowMs }, limits) => (nowMs >= state.retryAtMs ? start(state.failures, 0, limits) : step(state)),
    stop: () => step({ name: "stopped" }),
  },
  backoff: {
    timer: ({ failures, loadCrashes }, _, limits) => start(failures, loadCrashes, limits),
    unload: () => step({ name: "unloaded" }),
    stop: () => step({ name: "stopped" }),
  },
  unloading: {
    demand: () => step({ name: "unloading", wanted: true }),
    timer: (state) => step(state, { type: "kill" }),
    unload: (state, { force }) => (force ? step(state, { type: "kill" }) : step(state)),
    exited: ({ wanted }, _, limits) => (wanted ? start(0, 0, limits) : step({ name: "unloaded" })),
    // It was asked to end already, and a second SIGTERM would cut its last words off.
    stop: (_, __, limits) => step({ name: "stopping" }, { type: "timer", ms: limits.graceMs }),
  },
  stopping: {
    timer: (state) => step(state, { type: "kill" }),
    exited: () => step({ name: "stopped" }),
  },
  stopped: {},
};

/** The next state of a worker and what must be done about it. Pure: the times come with the events. */
export function nextWorkerState(state: WorkerState, event: WorkerEvent, limits: WorkerLimits): WorkerStep {
  // The table's type pairs every function with its state and event; TypeScript cannot follow that through a lookup.
  const transition = transitions[state.name][event.type] as
    ((state: WorkerState, event: WorkerEvent, limits: WorkerLimits) => WorkerStep) | undefined;
  return transition?.(state, event, limits) ?? { state, effects: [] };
}
