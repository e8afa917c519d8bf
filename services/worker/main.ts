// The entry of a worker process: forked by the supervisor, never started by hand.
import { createLlamaEngine } from "../engine/llama/create-llama-engine.ts";
import { runWorker } from "./run-worker.ts";

process.exit(await runWorker(createLlamaEngine));
