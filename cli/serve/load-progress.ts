import type { ModelSource } from "../../services/models/model-source.ts";
import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { StatusLine } from "./status-line.ts";

const barWidth = 30;
/** Off a terminal a line is written each time this much more is loaded. */
const lineStep = 0.25;

/** Shows how far models are loaded: a bar on a terminal, a few lines elsewhere. Returns how to stop. */
export function showLoadProgress(source: ModelSource, line: StatusLine): () => void {
  const shown = new Map<string, number>();
  const stop = source.onChange((id) => {
    const models = source.models();
    if (line.isTerminal) {
      const loading = models.find((model) => model.state === ModelState.LOADING);
      return line.show(loading === undefined ? "" : `${bar(loading.loadProgress)} ${loading.id}`);
    }
    const model = models.find((candidate) => candidate.id === id);
    if (model === undefined) return;
    const step = Math.floor(model.loadProgress / lineStep);
    if (model.state !== ModelState.LOADING || step <= (shown.get(id) ?? 0) || model.loadProgress >= 1) return;
    shown.set(id, step);
    line.write(`loading ${id}: ${percent(model.loadProgress).trim()}\n`);
  });
  return () => {
    stop();
    line.show("");
  };
}

function bar(progress: number): string {
  const full = Math.round(progress * barWidth);
  return `loading [${"=".repeat(full)}${" ".repeat(barWidth - full)}] ${percent(progress)}`;
}

function percent(progress: number): string {
  return `${Math.round(progress * 100)}%`.padStart(4);
}
