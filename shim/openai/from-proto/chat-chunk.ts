import type { AnswerInfo } from "../answer-info.ts";

export interface ChatAnswerInfo extends AnswerInfo {
  readonly legacyFunctions: boolean;
  /** What each choice's content begins with: the message that is continued, where that is to be repeated. */
  readonly echo: string;
  /** Said only when the request named a tier, as OpenAI does. */
  readonly serviceTier: "default" | undefined;
}
