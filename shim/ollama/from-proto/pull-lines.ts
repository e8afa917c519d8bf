import { type PullModelResponse, PullModelResponse_Stage as Stage } from "../../../proto/gen/tokenwire/v1/models_pb.ts";

/** A line of a pull's stream. */
export interface PullLine {
  readonly status: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

/** A download as Ollama tells it; the last line is `success`. Throws when the download ends before it is done. */
export async function* pullLines(
  events: AsyncIterable<PullModelResponse>,
  name: string,
): AsyncGenerator<PullLine, void, void> {
  yield { status: "pulling manifest" };
  for await (const { stage, receivedBytes, totalBytes } of events) {
    if (stage === Stage.DOWNLOADING) {
      yield { status: `pulling ${name}`, digest: name, total: Number(totalBytes), completed: Number(receivedBytes) };
    }
    if (stage === Stage.VERIFYING) yield { status: "verifying sha256 digest" };
    if (stage === Stage.DONE) {
      yield { status: "success" };
      return;
    }
  }
  throw new Error("the pull ended before it was done");
}
