import type OpenAI from "openai";
import type { ContractServer } from "../contract-server.ts";

/** One field of a request, and how its effect is seen. */
export interface Probe {
  readonly field: string;
  /** What the probe sees, for the page: a clause after "seen:". */
  readonly seen: string;
  /** Fails an expectation when the field has no effect. */
  readonly run: (server: ContractServer) => Promise<void>;
}

/** An endpoint's fields, and how each is seen. */
export interface Probed {
  /** A request that is fine, to which fields are added. */
  readonly request: object;
  readonly probes: readonly Probe[];
  readonly withoutEffect: Readonly<Record<string, string>>;
}

/** What the probes of generating endpoints look at, whichever endpoint it was. */
export interface Generated {
  /** Each choice's text. */
  readonly texts: readonly string[];
  readonly finishReasons: readonly string[];
  readonly usage: OpenAI.CompletionUsage | undefined;
}

/** Asks one endpoint for a generation of a story, with these fields. */
export type Generate = (fields: object) => Promise<Generated>;

/** Long enough to go one way or another. */
const defaults = { max_tokens: 24 };

export function chatGenerate(server: ContractServer): Generate {
  const messages = [{ role: "user", content: "Tell me a short story." }];
  return async (fields) => {
    const { choices, usage } = await server.chat({ messages, ...defaults, ...fields });
    return {
      texts: choices.map(({ message }) => message.content ?? ""),
      finishReasons: choices.map((choice) => choice.finish_reason),
      usage,
    };
  };
}

export function completeGenerate(server: ContractServer): Generate {
  return async (fields) => {
    const { choices, usage } = await server.complete({ prompt: "Once upon a time", ...defaults, ...fields });
    return {
      texts: choices.map(({ text }) => text),
      finishReasons: choices.map((choice) => choice.finish_reason),
      usage,
    };
  };
}
