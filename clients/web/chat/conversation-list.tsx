import { useSignal } from "@preact/signals";
import { Icon } from "../app/icon.tsx";
import { linkTo } from "../app/route.ts";
import { t } from "../i18n/language.ts";
import type { Conversation } from "./conversation.ts";
import { ConversationEntry } from "./conversation-entry.tsx";
import { conversations } from "./conversation-store.ts";
import { downloadConversations } from "./export-conversations.ts";

/** From so many conversations on, a search helps. */
const searchFrom = 8;

/** The conversations that this browser keeps. */
export function ConversationList({ onNavigate }: { readonly onNavigate: () => void }) {
  const wanted = useSignal("");
  const found = conversations.value.filter((conversation) => matches(conversation, wanted.value));
  return (
    <aside class="conversation-list" aria-label={t.value.conversations}>
      <a class="new-chat" href={linkTo({ page: "chat" })} onClick={onNavigate}>
        <Icon name="plus" />
        {t.value.newChat}
      </a>
      {conversations.value.length >= searchFrom && (
        <input
          type="search"
          aria-label={t.value.searchConversations}
          placeholder={t.value.searchConversations}
          value={wanted.value}
          onInput={({ currentTarget }) => (wanted.value = currentTarget.value)}
        />
      )}
      {conversations.value.length === 0 && <p class="hint">{t.value.noConversations}</p>}
      <ul>
        {found.map((conversation) => (
          <ConversationEntry key={conversation.id} conversation={conversation} onNavigate={onNavigate} />
        ))}
      </ul>
      {found.length === 0 && conversations.value.length > 0 && <p class="hint">{t.value.noneFound}</p>}
      {conversations.value.length > 0 && (
        <button type="button" class="export-all" onClick={() => downloadConversations(conversations.value)}>
          <Icon name="download" />
          {t.value.exportAll}
        </button>
      )}
    </aside>
  );
}

/** By title or by anything that was said. */
function matches({ title, messages }: Conversation, wanted: string): boolean {
  const needle = wanted.trim().toLowerCase();
  if (needle === "") return true;
  return [title, ...Object.values(messages).map(({ text }) => text)].some((text) =>
    text.toLowerCase().includes(needle),
  );
}
