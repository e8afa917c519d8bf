// The entry of a worker process: forked by the supervisor, never started by hand.
import { findFetchedBuilds } from "../engine/llama/native/libraries/fetched-builds.ts";
import { runWorker } from "./run-worker.ts";

// Before anything loads native code.
findFetchedBuilds();
const { createLlamaEngine } = await import("../engine/llama/create-llama-engine.ts");
process.exit(await runWorker(createLlamaEngine));
