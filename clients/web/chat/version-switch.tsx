import { Icon } from "../app/icon.tsx";
import { t } from "../i18n/language.ts";
import { showVersion } from "./chat-actions.ts";
import { type Message, siblingsOf } from "./conversation.ts";
import { isGenerating } from "./generate.ts";
import type { MessageProps } from "./message-view.tsx";

/** Goes through the versions of a message; nothing where there is one only. */
export function VersionSwitch({ conversation, message }: MessageProps<Message>) {
  const versions = siblingsOf(conversation, message);
  const index = versions.findIndex(({ id }) => id === message.id);
  if (versions.length < 2) return null;
  const step = (target: Message | undefined, label: string, icon: "chevronLeft" | "chevronRight") => (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      disabled={target === undefined || isGenerating(conversation.id)}
      onClick={() => target && showVersion(conversation, target)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <span class="version-switch" role="group" aria-label={t.value.version(index + 1, versions.length)}>
      {step(versions[index - 1], t.value.earlierVersion, "chevronLeft")}
      <span aria-hidden="true">
        {index + 1}/{versions.length}
      </span>
      {step(versions[index + 1], t.value.laterVersion, "chevronRight")}
    </span>
  );
}
