import type { LlamaChunk } from "./completion-chunks.ts";

/** What every result says of its request. */
export interface RequestEcho {
  readonly prompt: string;
  readonly generation_settings: object;
}

export type LlamaResult = Readonly<Record<string, unknown>>;

/** A chunk of a stream as it is sent: the last one of a choice has its ending and the request. */
export function chunkToResult({ ending, ...chunk }: LlamaChunk, echo: RequestEcho): LlamaResult {
  return ending === undefined ? chunk : { ...chunk, ...ending, ...echo };
}

/** The chunks of one choice after another as whole results, by their index. */
export class Results {
  readonly #byIndex = new Map<number, LlamaChunk[]>();

  add(chunk: LlamaChunk): void {
    const chunks = this.#byIndex.get(chunk.index);
    if (chunks === undefined) this.#byIndex.set(chunk.index, [chunk]);
    else chunks.push(chunk);
  }

  /** In the order of their index. Throws when one has no end. */
  all(echoOf: (index: number) => RequestEcho): LlamaResult[] {
    return [...this.#byIndex.entries()]
      .sort(([a], [b]) => a - b)
      .map(([index, chunks]) => whole(chunks, echoOf(index)));
  }
}

function whole(chunks: readonly LlamaChunk[], echo: RequestEcho): LlamaResult {
  const last = chunks.at(-1);
  if (last?.ending === undefined) throw new Error("a completion without an end");
  const probabilities = chunks.flatMap(({ completion_probabilities: of = [] }) => of);
  return chunkToResult(
    {
      ...last,
      content: chunks.map(({ content }) => content).join(""),
      tokens: chunks.flatMap(({ tokens }) => tokens),
      ...(probabilities.length > 0 && { completion_probabilities: probabilities }),
    },
    echo,
  );
}

/** Only the fields that are asked for, by paths such as `generation_settings/n_predict`; each stands under its last name. */
export function selectFields(result: LlamaResult, fields: readonly string[] | null | undefined): LlamaResult {
  if (fields == null || fields.length === 0) return result;
  const selected = fields.flatMap((path) => {
    const keys = path.split("/");
    const value = keys.reduce<unknown>(
      (at, key) =>
        typeof at === "object" && at !== null && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      result,
    );
    return value === undefined ? [] : [[keys.at(-1) ?? path, value] as const];
  });
  return Object.fromEntries(selected);
}
