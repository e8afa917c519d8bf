import { memo } from "preact/compat";
import { t } from "../i18n/language.ts";
import { AnswerView } from "./answer-view.tsx";
import { type Conversation, type Message, siblingsOf, type ToolMessage } from "./conversation.ts";
import { UserMessageView } from "./user-message-view.tsx";

export interface MessageProps<T extends Message> {
  readonly conversation: Conversation;
  readonly message: T;
}

/** A message of any kind; one that has not changed is not made again while others are being written. */
export const MessageView = memo(
  ({ conversation, message }: MessageProps<Message>) => {
    switch (message.role) {
      case "user":
        return <UserMessageView conversation={conversation} message={message} />;
      case "assistant":
        return <AnswerView conversation={conversation} message={message} />;
      case "tool":
        return <ToolMessageView message={message} />;
    }
  },
  (before, after) => before.message === after.message && isSamePlace(before, after),
);

/** Whether a message has the same versions beside it, and the same things can be done with it. */
function isSamePlace(before: MessageProps<Message>, after: MessageProps<Message>): boolean {
  const { id } = after.message;
  const isLast = ({ leaf }: Conversation) => leaf === id;
  return (
    isLast(before.conversation) === isLast(after.conversation) &&
    siblingsOf(before.conversation, before.message).length === siblingsOf(after.conversation, after.message).length
  );
}

function ToolMessageView({ message: { name, text } }: Pick<MessageProps<ToolMessage>, "message">) {
  return (
    <li class="message tool-message">
      <h2 class="visually-hidden">{t.value.tool}</h2>
      <details>
        <summary>
          {t.value.toolResult}: <code>{name}</code>
        </summary>
        <pre tabIndex={0}>{text}</pre>
      </details>
    </li>
  );
}
