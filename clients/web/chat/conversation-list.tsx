import { useSignal } from "@preact/signals";
import { Icon } from "../app/icon.tsx";
import { goTo, linkTo, route } from "../app/route.ts";
import { t } from "../i18n/language.ts";
import type { Conversation } from "./conversation.ts";
import { conversations, deleteConversation } from "./conversation-store.ts";
import { stopGenerating } from "./generate.ts";

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
          <Entry key={conversation.id} conversation={conversation} onNavigate={onNavigate} />
        ))}
      </ul>
    </aside>
  );
}

interface EntryProps {
  readonly conversation: Conversation;
  readonly onNavigate: () => void;
}

function Entry({ conversation: { id, title }, onNavigate }: EntryProps) {
  const shown = title || t.value.untitled;
  const isOpen = route.value.conversation === id;
  const remove = () => {
    if (!confirm(t.value.removeQuestion(shown))) return;
    stopGenerating(id);
    deleteConversation(id);
    if (isOpen) goTo({ page: "chat" }, { replace: true });
  };
  return (
    <li>
      <a
        href={linkTo({ page: "chat", conversation: id })}
        aria-current={isOpen ? "page" : undefined}
        title={shown}
        onClick={onNavigate}
      >
        {shown}
      </a>
      <button
        type="button"
        class="icon-button"
        aria-label={t.value.remove(shown)}
        title={t.value.remove(shown)}
        onClick={remove}
      >
        <Icon name="trash" />
      </button>
    </li>
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
