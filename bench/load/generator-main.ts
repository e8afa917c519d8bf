import type { Plan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";

// A process that only sends: what measures a server takes no time from what reads the results.
process.on("message", (plan: Plan) => {
  runPlan(plan).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
