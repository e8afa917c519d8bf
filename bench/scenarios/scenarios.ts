import type { Scenario } from "../run/scenario.ts";
import { agreement } from "./agreement.ts";
import { betweenDecodes } from "./between-decodes.ts";
import { busyCore } from "./busy-core.ts";
import { closedLoop } from "./closed-loop.ts";
import { embeddings } from "./embeddings.ts";
import { grammarMasks } from "./grammar-masks.ts";
import { longPrompt } from "./long-prompt.ts";
import { memory } from "./memory.ts";
import { mixed } from "./mixed.ts";
import { multiTurn } from "./multi-turn.ts";
import { oneToken } from "./one-token.ts";
import { openLoop } from "./open-loop.ts";
import { picture } from "./picture.ts";
import { processorTime } from "./processor-time.ts";
import { sharedPrefix } from "./shared-prefix.ts";
import { startTime } from "./start-time.ts";
import { structured } from "./structured.ts";
import { tinySteps } from "./tiny-steps.ts";

/** All that the bench can measure, in the order of docs/performance.md. */
export const scenarios: readonly Scenario[] = [
  closedLoop,
  tinySteps,
  openLoop,
  mixed,
  longPrompt,
  picture,
  multiTurn,
  sharedPrefix,
  structured,
  grammarMasks,
  embeddings,
  oneToken,
  betweenDecodes,
  processorTime,
  busyCore,
  startTime,
  memory,
  agreement,
];
