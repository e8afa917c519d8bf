import { formatBytes } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { devices, models } from "../server/models.ts";
import { ModelCard } from "./model-card.tsx";
import { PullForm } from "./pull-form.tsx";

/** Where models are and how much room there is, the models, and how to get another one. */
export function ModelsPage() {
  return (
    <div class="page">
      <h1>{t.value.models}</h1>
      <Devices />
      {models.value.length === 0 && <p class="hint">{t.value.noModels}</p>}
      <ul class="cards">
        {models.value.map((model) => (
          <ModelCard key={model.id} model={model} />
        ))}
      </ul>
      <PullForm />
    </div>
  );
}

function Devices() {
  if (devices.value.length === 0) return null;
  return (
    <section class="devices" aria-label={t.value.devices}>
      {devices.value.map(({ name, description, usableBytes, heldBytes }) => (
        <label key={name} class="meter">
          <span>
            <strong>{name}</strong> {description}
          </span>
          <meter max={Math.max(1, usableBytes)} value={heldBytes} />
          <span class="hint">{t.value.heldBytes(formatBytes(heldBytes), formatBytes(usableBytes))}</span>
        </label>
      ))}
    </section>
  );
}
