import { parentPort } from "node:worker_threads";
import { checkSchema } from "./check-schema.ts";
import type { CheckAnswer, CheckQuestion } from "./schema-checker.ts";

/** The thread that checks answers: its owner ends it when a check takes too long. */
parentPort?.on("message", ({ id, schemaJson, text }: CheckQuestion) => {
  const answer: CheckAnswer = { id, verdict: checkSchema(schemaJson, text) };
  parentPort?.postMessage(answer);
});
