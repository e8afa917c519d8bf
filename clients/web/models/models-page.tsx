import { t } from "../i18n/language.ts";
import { models } from "../server/models.ts";
import { ModelCard } from "./model-card.tsx";

/** The configured models: which are in memory, what they are, and what can be done with them. */
export function ModelsPage() {
  return (
    <div class="page">
      <h1>{t.value.models}</h1>
      {models.value.length === 0 && <p class="hint">{t.value.noModels}</p>}
      <ul class="cards">
        {models.value.map((model) => (
          <ModelCard key={model.id} model={model} />
        ))}
      </ul>
    </div>
  );
}
