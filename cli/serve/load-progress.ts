import type { ModelSource } from "../../services/models/model-source.ts";
import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const barWidth = 30;
/** Off a terminal a line is written each time this much more is loaded. */
const lineStep = 0.25;

/** Shows how far models are loaded: a bar on a terminal, a few lines elsewhere. Returns how to stop. */
export function showLoadProgress(source: ModelSource, output: ProgressOutput): () => void {
  const shown = new Map<string, number>();
  let barOpen = false;
  const stop = source.onChange((id) => {
    const model = source.models().find((candidate) => candidate.id === id);
    if (model === undefined) return;
    const loading = model.state === ModelState.LOADING;
    if (output.isTTY === true) {
      if (loading) output.write(`\r\x1b[K${bar(model.loadProgress)} ${id}`);
      else if (barOpen) output.write("\r\x1b[K");
      barOpen = loading;
      return;
    }
    const step = Math.floor(model.loadProgress / lineStep);
    if (!loading || step <= (shown.get(id) ?? 0) || model.loadProgress >= 1) return;
    shown.set(id, step);
    output.write(`loading ${id}: ${percent(model.loadProgress)}\n`);
  });
  return () => {
    stop();
    if (barOpen) output.write("\r\x1b[K");
  };
}

function bar(progress: number): string {
  const full = Math.round(progress * barWidth);
  return `loading [${"=".repeat(full)}${" ".repeat(barWidth - full)}] ${percent(progress)}`;
}

function percent(progress: number): string {
  return `${Math.round(progress * 100)}%`.padStart(4);
}
