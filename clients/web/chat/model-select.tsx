import { t } from "../i18n/language.ts";
import { chatModels, models } from "../server/models.ts";
import { chooseModel, draftModel } from "./chat-actions.ts";
import type { Conversation } from "./conversation.ts";

/** Chooses who answers; a model that is no longer configured stays in sight, since the conversation names it. */
export function ModelSelect({ conversation }: { readonly conversation: Conversation | undefined }) {
  const chosen = (conversation ? conversation.model : draftModel.value) ?? "";
  const ids = chatModels.value.map(({ id }) => id);
  const [first] = models.value;
  return (
    <select
      class="model-select"
      aria-label={t.value.model}
      value={chosen}
      onChange={({ currentTarget }) => chooseModel(conversation, currentTarget.value)}
    >
      <option value="">{first === undefined ? t.value.defaultModel : `${t.value.defaultModel} (${first.id})`}</option>
      {[...ids, ...(chosen === "" || ids.includes(chosen) ? [] : [chosen])].map((id) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </select>
  );
}
