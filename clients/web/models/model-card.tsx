import type { PlainModel } from "../../trpc/from-proto.ts";
import { formatBytes, formatCompact, formatCount, formatShare } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { deleteModel, load, modelProblems, unload } from "./model-actions.ts";

/** A model with its state, where it is with how many bytes, and what can be done with it. */
export function ModelCard({ model }: { readonly model: PlainModel }) {
  const { id, state, loadProgress, details, stats, memory } = model;
  const problem = modelProblems.value.get(id) ?? model.error;
  return (
    <li class="card" data-state={state}>
      <header>
        <h2>{id}</h2>
        <span class="state">{t.value.states[state]}</span>
      </header>
      {details && <p class="hint">{details.description}</p>}
      {state === "loading" && (
        <label class="meter">
          <span>{formatShare(loadProgress)}</span>
          <progress max={1} value={loadProgress} aria-label={t.value.states.loading} />
        </label>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {stats && stats.kvCells > 0 && (
        <label class="meter">
          <span>
            {t.value.kvCache}: {t.value.kvCells(formatCount(stats.kvCellsUsed), formatCount(stats.kvCells))}
          </span>
          <meter max={stats.kvCells} value={stats.kvCellsUsed} />
        </label>
      )}
      <dl class="facts">
        {[...memory.flatMap(memoryFacts), ...(details ? detailFacts(details) : []), ...residencyFacts(model)]
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Buttons model={model} />
    </li>
  );
}

function Buttons({ model: { id, state, pinned, origin, requests } }: { readonly model: PlainModel }) {
  const texts = t.value;
  const askToUnload = () => {
    // What is pinned leaves by force only, which ends what runs.
    if (pinned && !confirm(texts.unloadPinned(id))) return;
    void unload(id, { force: pinned });
  };
  const askToDelete = () => {
    if (confirm(texts.deleteModelQuestion(id))) void deleteModel(id);
  };
  return (
    <div class="card-buttons">
      {(state === "unloaded" || state === "failed") && (
        <button type="button" onClick={() => void load(id)}>
          {texts.load}
        </button>
      )}
      {state === "resident" && (
        <button type="button" onClick={askToUnload}>
          {texts.unload}
        </button>
      )}
      {state === "unloading" && requests.running > 0 && (
        <button type="button" onClick={() => void unload(id, { force: true })}>
          {texts.unloadNow}
        </button>
      )}
      {origin === "pulled" && (
        <button type="button" onClick={askToDelete}>
          {texts.deleteModel}
        </button>
      )}
    </div>
  );
}

type Fact = readonly [name: string, value: string];

function memoryFacts({ device, measuredBytes, estimatedBytes }: PlainModel["memory"][number]): Fact[] {
  if (measuredBytes > 0) return [[t.value.memoryIn(device), formatBytes(measuredBytes)]];
  return estimatedBytes > 0 ? [[t.value.memoryIn(device), t.value.estimated(formatBytes(estimatedBytes))]] : [];
}

function detailFacts(details: NonNullable<PlainModel["details"]>): Fact[] {
  const texts = t.value;
  return [
    [texts.size, formatBytes(details.sizeBytes)],
    [texts.parameters, formatCompact(details.parameters)],
    [texts.context, texts.contextOf(formatCount(details.contextLength), formatCount(details.trainedContextLength))],
    [texts.slots, formatCount(details.slots)],
    [
      texts.layersOnGpu,
      details.devices.length === 0 ? "" : `${formatCount(details.offloadedLayers)} / ${formatCount(details.layers)}`,
    ],
    [texts.backend, details.backend],
    [texts.devices, details.devices.join(", ")],
    [texts.chatFormat, details.chatFormat],
  ];
}

function residencyFacts({ ttlSeconds, pinned }: PlainModel): Fact[] {
  if (pinned) return [[t.value.stays, t.value.pinned]];
  return ttlSeconds === undefined ? [] : [[t.value.stays, t.value.ttl(formatCount(ttlSeconds))]];
}
