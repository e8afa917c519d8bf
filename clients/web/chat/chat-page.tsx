import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../app/icon.tsx";
import { route } from "../app/route.ts";
import { t } from "../i18n/language.ts";
import { Composer } from "./composer.tsx";
import { pathTo } from "./conversation.ts";
import { findConversation } from "./conversation-store.ts";
import { ConversationList } from "./conversation-list.tsx";
import { isGenerating } from "./generate.ts";
import { MessageView } from "./message-view.tsx";
import { ModelSelect } from "./model-select.tsx";
import { SettingsDrawer } from "./settings-drawer.tsx";
import { Welcome } from "./welcome.tsx";

/** A conversation with a model, and the list of the others. */
export function ChatPage() {
  const { conversation: id } = route.value;
  const conversation = id === undefined ? undefined : findConversation(id);
  const isListOpen = useSignal(false);
  const areSettingsOpen = useSignal(false);
  const messages = conversation === undefined ? [] : pathTo(conversation, conversation.leaf);
  const scroller = useStickToEnd(id);
  useEffect(() => {
    const close = ({ key }: KeyboardEvent) => {
      if (key === "Escape") isListOpen.value = false;
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [isListOpen]);
  return (
    <div class="chat" data-list-open={isListOpen.value}>
      <ConversationList onNavigate={() => (isListOpen.value = false)} />
      {isListOpen.value && (
        <button
          type="button"
          class="list-backdrop"
          aria-label={t.value.close}
          onClick={() => (isListOpen.value = false)}
        />
      )}
      <section class="conversation" aria-label={conversation?.title || t.value.newChat}>
        <div class="conversation-bar">
          <button
            type="button"
            class="icon-button list-toggle"
            aria-label={t.value.showConversations}
            title={t.value.showConversations}
            aria-expanded={isListOpen.value}
            onClick={() => (isListOpen.value = !isListOpen.value)}
          >
            <Icon name="menu" />
          </button>
          <ModelSelect conversation={conversation} />
          <button
            type="button"
            class="icon-button"
            aria-label={t.value.showSettings}
            title={t.value.showSettings}
            onClick={() => (areSettingsOpen.value = true)}
          >
            <Icon name="sliders" />
          </button>
        </div>
        <div
          class="messages-scroller"
          ref={scroller}
          tabIndex={0}
          role="log"
          aria-label={t.value.chat}
          aria-busy={conversation !== undefined && isGenerating(conversation.id)}
        >
          {conversation === undefined || messages.length === 0 ? (
            <Welcome />
          ) : (
            <>
              <h1 class="visually-hidden">{conversation.title}</h1>
              <ol class="messages">
                {messages.map((message) => (
                  <MessageView key={message.id} conversation={conversation} message={message} />
                ))}
              </ol>
            </>
          )}
        </div>
        <Composer conversation={conversation} />
      </section>
      <SettingsDrawer
        conversation={conversation}
        isOpen={areSettingsOpen.value}
        onClose={() => (areSettingsOpen.value = false)}
      />
    </div>
  );
}

/** Nearer to the end than this, a reader wants to see what comes. */
const nearPixels = 80;

/** Keeps the end in view while it grows, unless the reader has scrolled away from it. */
function useStickToEnd(conversation: string | undefined) {
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    let isAtEnd = true;
    const note = () => {
      isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearPixels;
    };
    const follow = () => {
      if (isAtEnd) element.scrollTop = element.scrollHeight;
    };
    const growth = new MutationObserver(follow);
    growth.observe(element, { childList: true, characterData: true, subtree: true });
    const size = new ResizeObserver(follow);
    size.observe(element);
    element.addEventListener("scroll", note, { passive: true });
    follow();
    return () => {
      growth.disconnect();
      size.disconnect();
      element.removeEventListener("scroll", note);
    };
  }, [conversation]);
  return scroller;
}
