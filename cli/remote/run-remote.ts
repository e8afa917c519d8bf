import { toJson } from "@bufbuild/protobuf";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import { StartError } from "../../config/config-error.ts";
import {
  DeviceSchema,
  type Model,
  ModelSchema,
  ModelState,
  PullModelResponse_Stage as Stage,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { formatBytes } from "../../services/models/format-bytes.ts";
import { formatDevices, formatModel, formatModels, stateName } from "./format-models.ts";
import type { RemoteCommand, RemoteTask } from "./parse-remote.ts";
import { createProgressLine, type ProgressLine } from "./progress-line.ts";
import { connect, describeFailure } from "./server-access.ts";

export interface RemoteOutput {
  /** Results. */
  readonly out: (line: string) => void;
  /** Where a bar is drawn, if it is a terminal. */
  readonly progress: { readonly isTTY?: boolean; write(text: string): unknown };
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
}

/** Asks a running server, and writes what it says. Throws StartError with its refusal. */
export async function runRemote({ task, server, json }: RemoteCommand, output: RemoteOutput): Promise<void> {
  const client = connect(server);
  const line = createProgressLine(json ? undefined : output.progress);
  try {
    await run(client, task, { ...output, json, line });
  } catch (error) {
    if (output.signal.aborted) throw new StartError(`${task.name} was given up`, { cause: error });
    throw describeFailure(error, server);
  } finally {
    line.end();
    client.close();
  }
}

const stages: Readonly<Record<Stage, string>> = {
  [Stage.UNSPECIFIED]: "unknown",
  [Stage.DOWNLOADING]: "downloading",
  [Stage.VERIFYING]: "verifying",
  [Stage.DONE]: "done",
};

interface Run extends RemoteOutput {
  readonly json: boolean;
  readonly line: ProgressLine;
}

async function run(client: TokenwireClient, task: RemoteTask, { out, signal, json, line }: Run): Promise<void> {
  const { models } = client;
  const print = (model: Model) => out(JSON.stringify(toJson(ModelSchema, model)));
  switch (task.name) {
    case "models":
    case "ps": {
      const list = await models.listModels({}, { signal });
      const shown = task.name === "models" ? list.models : list.models.filter(isThere);
      if (json) {
        shown.forEach(print);
        if (task.name === "ps") for (const device of list.devices) out(JSON.stringify(toJson(DeviceSchema, device)));
        return;
      }
      out(formatModels(shown, Date.now()));
      if (task.name === "ps") out(`\n${formatDevices(list.devices)}`);
      return;
    }
    case "show": {
      const { model } = await models.getModel({ id: task.id }, { signal });
      if (model !== undefined) out(json ? JSON.stringify(toJson(ModelSchema, model)) : formatModel(model));
      return;
    }
    case "load": {
      let last: Model | undefined;
      for await (const { model } of models.loadModel({ id: task.id }, { signal })) {
        if (model === undefined) continue;
        last = model;
        if (json) print(model);
        else line.show(model.loadProgress, `${stateName(model.state)} ${task.id}`);
      }
      line.end();
      if (!json && last !== undefined) out(formatModels([last], Date.now()));
      return;
    }
    case "unload": {
      const { model } = await models.unloadModel({ id: task.id, force: task.force }, { signal });
      if (json && model !== undefined) print(model);
      else if (!json) out(`${task.id} is not in memory any more`);
      return;
    }
    case "rm":
      await models.deleteModel({ id: task.id }, { signal });
      return json ? undefined : out(`${task.id} is deleted`);
    case "pull":
      return pull(client, task, { out, signal, json, line });
  }
}

async function pull(
  { models }: TokenwireClient,
  { source, file, id, sha256 }: Extract<RemoteTask, { name: "pull" }>,
  { out, signal, json, line }: Omit<Run, "progress">,
): Promise<void> {
  const isUrl = /^https?:\/\//i.test(source);
  const from = isUrl ? ({ case: "url", value: source } as const) : ({ case: "repository", value: source } as const);
  for await (const message of models.pullModel({ source: from, file, id, sha256 }, { signal })) {
    const { stage, receivedBytes, totalBytes, model } = message;
    const [received, total] = [Number(receivedBytes), Number(totalBytes)];
    if (json) out(JSON.stringify({ stage: stages[stage], received, total, ...(model && { model: model.id }) }));
    else if (stage === Stage.DONE) {
      line.end();
      out(`${model?.id ?? source} is served from now on (${formatBytes(received)})`);
    } else {
      const what = stage === Stage.VERIFYING ? "verifying" : "downloading";
      line.show(total === 0 ? 0 : received / total, `${what} ${formatBytes(received)} of ${formatBytes(total)}`);
    }
  }
}

function isThere({ state }: Model): boolean {
  return state === ModelState.RESIDENT || state === ModelState.LOADING || state === ModelState.UNLOADING;
}
