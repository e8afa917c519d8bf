import type { Scenario } from "../run/scenario.ts";
import { closedLoop } from "./closed-loop.ts";
import { embeddings } from "./embeddings.ts";
import { longPrompt } from "./long-prompt.ts";
import { oneToken } from "./one-token.ts";
import { structured } from "./structured.ts";
import { tinySteps } from "./tiny-steps.ts";

/** All that the bench can measure, in the order of docs/performance.md. */
export const scenarios: readonly Scenario[] = [closedLoop, tinySteps, longPrompt, embeddings, structured, oneToken];
