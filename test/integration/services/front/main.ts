// A front in a process of its own, to be killed: prints the process ids of its workers, of which one is not the first.
import { ModelState } from "../../../../clients/index.ts";
import { startTestServices, watchUntil, workerPid } from "../support.ts";

const ctx = await startTestServices({ models: { a: "fake.gguf", b: "fake.gguf" } });
const back = watchUntil(ctx, ({ state }, seen) => state === ModelState.RESIDENT && seen.length > 1);
process.kill(workerPid(ctx), "SIGKILL");
await back;
console.log(workerPid(ctx, "a"), workerPid(ctx, "b"));
