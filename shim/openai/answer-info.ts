import { createHash, randomUUID } from "node:crypto";

/** What every object of one answer says about it. */
export interface AnswerInfo {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** The name that the request gave; the model that answers says its own when it starts. */
  readonly requestedModel: string;
  readonly serverVersion: string;
  /** How many choices were asked for; an answer with fewer is a failure. */
  readonly choices: number;
  /** Whether choices say what stopped them, as vLLM's do. */
  readonly tellsStopReason: boolean;
}

export function newAnswerInfo(kind: "chatcmpl" | "cmpl", details: Omit<AnswerInfo, "id" | "created">): AnswerInfo {
  return { id: `${kind}-${randomUUID().replaceAll("-", "")}`, created: Math.floor(Date.now() / 1_000), ...details };
}

/** OpenAI's name for "the same backend": here a model under one version of this server. */
export function systemFingerprint(model: string, serverVersion: string): string {
  return `fp_${createHash("sha256").update(`${serverVersion}\n${model}`).digest("hex").slice(0, 10)}`;
}

/** The same of a chat. */
export interface ChatAnswerInfo extends AnswerInfo {
  readonly legacyFunctions: boolean;
  /** What each choice's content begins with: the message that is continued, where that is to be repeated. */
  readonly echo: string;
  /** Said only when the request named a tier, as OpenAI does. */
  readonly serviceTier: "default" | undefined;
}
