import { useSignal } from "@preact/signals";
import { Icon, type IconName } from "../app/icon.tsx";
import { isComposing } from "../app/is-composing.ts";
import { goTo, linkTo, route } from "../app/route.ts";
import { t } from "../i18n/language.ts";
import { type Conversation, withTitle } from "./conversation.ts";
import { changeConversation, deleteConversation } from "./conversation-store.ts";
import { downloadConversation } from "./export-conversations.ts";
import { stopGenerating } from "./generate.ts";

interface EntryProps {
  readonly conversation: Conversation;
  readonly onNavigate: () => void;
}

/** A conversation in the list: to be opened, renamed, downloaded and deleted. */
export function ConversationEntry({ conversation, onNavigate }: EntryProps) {
  const { id, title } = conversation;
  const shown = title || t.value.untitled;
  const isOpen = route.value.conversation === id;
  const isRenaming = useSignal(false);
  if (isRenaming.value) return <RenameForm conversation={conversation} onDone={() => (isRenaming.value = false)} />;
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
      <span class="entry-tools">
        <EntryButton icon="edit" label={t.value.rename(shown)} onClick={() => (isRenaming.value = true)} />
        <EntryButton icon="download" label={t.value.export(shown)} onClick={() => downloadConversation(conversation)} />
        <EntryButton icon="trash" label={t.value.remove(shown)} onClick={remove} />
      </span>
    </li>
  );
}

interface EntryButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
}

function EntryButton({ icon, label, onClick }: EntryButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** Enter and leaving the field keep the new title, Escape and an empty one the old. */
function RenameForm({
  conversation: { id, title },
  onDone,
}: {
  readonly conversation: Conversation;
  readonly onDone: () => void;
}) {
  const keep = (input: HTMLInputElement) => {
    changeConversation(id, (it) => withTitle(it, input.value));
    onDone();
  };
  return (
    <li>
      <input
        class="rename"
        aria-label={t.value.newTitle}
        defaultValue={title}
        maxLength={200}
        ref={(input) => input?.select()}
        onBlur={({ currentTarget }) => keep(currentTarget)}
        onKeyDown={(event) => {
          if (isComposing(event)) return;
          if (event.key === "Enter") keep(event.currentTarget);
          if (event.key !== "Escape") return;
          // It may be told that it lost the focus when it goes.
          event.currentTarget.value = title;
          onDone();
        }}
      />
    </li>
  );
}
