import { signal } from "@preact/signals";
import type { PullProgress } from "../../trpc/from-proto.ts";
import type { PullInput } from "../../trpc/inputs.ts";
import { t } from "../i18n/language.ts";
import { connectionState, trpc } from "../server/connection.ts";
import { describeFailure } from "../server/describe-failure.ts";

/** What went wrong with a model when it was last asked to do something, by id, in words. */
export const modelProblems = signal<ReadonlyMap<string, string>>(new Map());

/** A download that this page has begun. */
export interface Pull {
  readonly name: string;
  readonly progress: PullProgress | undefined;
  readonly problem?: string;
  readonly stop: () => void;
}

export const pull = signal<Pull | undefined>(undefined);

/** Brings a model into memory; how far it is comes by the watch. */
export function load(id: string): Promise<void> {
  return noting(id, async () => {
    // Read to its end: leaving it would give the load up.
    for await (const _ of await trpc.value.models.load.mutate({ id }));
  });
}

/** Takes a model out of memory when its answers have ended. */
export function unload(id: string, options: { readonly force: boolean }): Promise<void> {
  return noting(id, () => trpc.value.models.unload.mutate({ id, ...options }));
}

/** Deletes a model that was downloaded, and its files. */
export function deleteModel(id: string): Promise<void> {
  return noting(id, () => trpc.value.models.delete.mutate({ id }));
}

/** Downloads a model. Stopping keeps what has come: the next pull of the same file goes on from there. */
export async function startPull(input: PullInput): Promise<void> {
  const leaving = new AbortController();
  const name = "url" in input.source ? input.source.url : input.source.repository;
  const base = { name, stop: () => leaving.abort() };
  pull.value = { ...base, progress: undefined };
  try {
    for await (const progress of await trpc.value.models.pull.mutate(input, { signal: leaving.signal })) {
      pull.value = { ...base, progress };
    }
  } catch (error) {
    if (leaving.signal.aborted) pull.value = undefined;
    else pull.value = { ...base, progress: undefined, problem: problemText(error) };
  }
}

async function noting(id: string, work: () => Promise<void>): Promise<void> {
  const rest = new Map(modelProblems.value);
  rest.delete(id);
  modelProblems.value = rest;
  try {
    await work();
  } catch (error) {
    modelProblems.value = new Map(modelProblems.value).set(id, problemText(error));
  }
}

function problemText(error: unknown): string {
  const failure = describeFailure(error);
  if (failure.kind === "refused") return failure.message;
  if (failure.kind === "locked") connectionState.value = "locked";
  return failure.kind === "locked" ? t.value.keyNeeded : t.value.lostConnection;
}
