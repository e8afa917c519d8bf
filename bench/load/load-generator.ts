import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Outcome, Plan } from "./plan.ts";

/** A process that sends requests and measures the answers. */
export interface LoadGenerator {
  /** Sends what a plan says, one plan at a time. Rejects when an answer is not a 200. */
  run(plan: Plan): Promise<Outcome>;
  stop(): void;
}

/** Starts a load generator in a process of its own. */
export function startLoadGenerator(): LoadGenerator {
  const main = fileURLToPath(new URL("./generator-main.ts", import.meta.url));
  // Structured clones: the times of events are arrays of numbers. Flags of this process are not for it.
  const child = fork(main, { serialization: "advanced", execArgv: [] });
  return {
    async run(plan) {
      const over = new AbortController();
      const ended = once(child, "exit", over).then(([code]) => {
        throw new Error(`the load generator ended with ${String(code)}`);
      });
      child.send(plan);
      const message = await Promise.race([once(child, "message", over), ended]).finally(() => over.abort());
      const [answer] = message as [{ readonly outcome?: Outcome; readonly error?: string }];
      if (answer.outcome === undefined) throw new Error(answer.error ?? "the load generator says nothing");
      return answer.outcome;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}
