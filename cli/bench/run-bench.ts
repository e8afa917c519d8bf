import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import { StartError } from "../../config/config-error.ts";
import { columns } from "../remote/format-models.ts";
import { connect, describeFailure } from "../remote/server-access.ts";
import { measure, type Measurement } from "./measure.ts";
import type { BenchCommand } from "./parse-bench.ts";

export interface BenchOutput {
  readonly out: (line: string) => void;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
}

/** Measures a running server, and writes a table, or a line of JSON for each number of users. */
export async function runBench(command: BenchCommand, { out, signal }: BenchOutput): Promise<void> {
  const { server, users, maxTokens, json } = command;
  const client = connect(server);
  try {
    const { models } = await client.models.listModels({}, { signal });
    const model = command.model || (models[0]?.id ?? "");
    const prompts = await makePrompts(client, { ...command, model }, signal);
    // Loads the model, and lets it compute once what it computes once.
    await measure(client, { model, users: 1, prompts, maxTokens: 2 }, signal);
    const found: Measurement[] = [];
    for (const count of users) {
      const measured = await measure(client, { model, users: count, prompts, maxTokens }, signal);
      found.push(measured);
      if (json) out(JSON.stringify({ model, ...measured }));
    }
    if (json) return;
    out(`${model} at ${server.address}: prompts of ${command.promptTokens} tokens, answers of ${maxTokens}\n`);
    out(formatTable(found));
  } catch (error) {
    if (signal.aborted) throw new StartError("bench was given up", { cause: error });
    throw describeFailure(error, server);
  } finally {
    client.close();
  }
}

const text = "The quick brown fox jumps over the lazy dog while the evening train leaves the town by the river. ";

/** A prompt of its own for each user: none begins as another one does, so that no work is shared. */
async function makePrompts(
  { inference }: TokenwireClient,
  { model, users, promptTokens }: Pick<BenchCommand, "model" | "users" | "promptTokens">,
  signal: AbortSignal,
): Promise<number[][]> {
  const { tokens } = await inference.tokenize({ model, text: text.repeat(8) }, { signal });
  if (tokens.length === 0) throw new StartError(`${model} makes no tokens of a plain text`);
  return Array.from({ length: Math.max(...users) }, (_, user) =>
    Array.from({ length: promptTokens }, (_unused, at) => tokens[(at + user) % tokens.length] ?? 0),
  );
}

/** The table that is shown. */
export function formatTable(found: readonly Measurement[]): string {
  const rows = found.map((one) => [
    String(one.users),
    one.promptSpeed.toFixed(0),
    `${Math.round(one.firstTokenMs)} ms`,
    one.decodeSpeed.toFixed(1),
    one.decodeSpeedPerUser.toFixed(1),
  ]);
  return columns([["USERS", "PROMPT TOKENS/S", "FIRST TOKEN", "DECODE TOKENS/S", "EACH USER"], ...rows]);
}
