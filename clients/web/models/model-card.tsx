import type { PlainModel } from "../../trpc/from-proto.ts";
import { formatBytes, formatCompact, formatCount, formatShare } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";

/** A model with its state, its size and how much of its context memory is in use. */
export function ModelCard({ model }: { readonly model: PlainModel }) {
  const { id, state, loadProgress, error, details, stats } = model;
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
      {error !== undefined && <p class="problem">{error}</p>}
      {stats && stats.kvCells > 0 && (
        <label class="meter">
          <span>
            {t.value.kvCache}: {t.value.kvCells(formatCount(stats.kvCellsUsed), formatCount(stats.kvCells))}
          </span>
          <meter max={stats.kvCells} value={stats.kvCellsUsed} />
        </label>
      )}
      {details && <Facts details={details} />}
    </li>
  );
}

function Facts({ details }: { readonly details: NonNullable<PlainModel["details"]> }) {
  const texts = t.value;
  const facts: readonly (readonly [string, string])[] = [
    [texts.size, formatBytes(details.sizeBytes)],
    [texts.parameters, formatCompact(details.parameters)],
    [
      texts.context,
      texts.contextOf(formatCount(details.contextLength), formatCount(details.trainedContextLength)),
    ],
    [texts.slots, formatCount(details.slots)],
    [texts.layersOnGpu, `${formatCount(details.offloadedLayers)} / ${formatCount(details.layers)}`],
    [texts.backend, details.backend],
    [texts.devices, details.devices.join(", ")],
    [texts.chatFormat, details.chatFormat],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
