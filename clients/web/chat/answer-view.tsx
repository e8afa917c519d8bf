import { CopyButton } from "../app/copy-button.tsx";
import { Icon } from "../app/icon.tsx";
import { isKeyDialogOpen } from "../app/key-dialog.tsx";
import { formatDuration, formatShare, formatSpeed } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { regenerate } from "./chat-actions.ts";
import { type AnswerState, type AnswerStats, type AssistantMessage, canContinue } from "./conversation.ts";
import { continueAnswer, isGenerating } from "./generate.ts";
import type { MessageProps } from "./message-view.tsx";
import { ToolCallsView } from "./tool-calls-view.tsx";
import { VersionSwitch } from "./version-switch.tsx";

/** What the model answered: reasoning folded away, text, tool calls, how it ended and what it cost. */
export function AnswerView({ conversation, message }: MessageProps<AssistantMessage>) {
  const { text, reasoning, toolCalls, state, stats, model } = message;
  const isWriting = state.kind === "writing";
  const isEmpty = text === "" && reasoning === "" && toolCalls.length === 0;
  return (
    <li class="message answer" data-state={state.kind}>
      <h2 class="visually-hidden">{t.value.assistant}</h2>
      {reasoning !== "" && (
        <details class="reasoning">
          <summary>{isWriting && text === "" ? t.value.reasoningNow : t.value.reasoning}</summary>
          <Markdown text={reasoning} />
        </details>
      )}
      {text !== "" && <Markdown text={text} />}
      {isWriting && isEmpty && <p class="pending">{pendingText(message)}</p>}
      <ToolCallsView conversation={conversation} message={message} />
      <Outcome state={state} />
      {!isWriting && (
        <div class="message-tools">
          <VersionSwitch conversation={conversation} message={message} />
          {text !== "" && <CopyButton text={text} />}
          <button
            type="button"
            class="icon-button"
            aria-label={state.kind === "failed" ? t.value.tryAgain : t.value.regenerate}
            title={state.kind === "failed" ? t.value.tryAgain : t.value.regenerate}
            disabled={isGenerating(conversation.id)}
            onClick={() => regenerate(conversation, message)}
          >
            <Icon name="refresh" />
          </button>
          {canContinue(conversation, message) && (
            <button
              type="button"
              class="small-button"
              disabled={isGenerating(conversation.id)}
              onClick={() => void continueAnswer(conversation.id, message)}
            >
              <Icon name="forward" />
              {t.value.continue}
            </button>
          )}
          <span class="stats">
            {[...(stats ? factsOf(stats) : []), ...(model === undefined ? [] : [model])].join(" · ")}
          </span>
        </div>
      )}
    </li>
  );
}

function pendingText({ promptProgress, loadProgress, model = "" }: AssistantMessage): string {
  if (loadProgress !== undefined) return t.value.loadingModel(model, formatShare(loadProgress));
  return promptProgress === undefined || promptProgress >= 1
    ? t.value.waitingForFirstToken
    : t.value.readingPrompt(formatShare(promptProgress));
}

function Outcome({ state }: { readonly state: AnswerState }) {
  switch (state.kind) {
    case "writing":
      return null;
    case "stopped":
      return <p class="outcome">{t.value.stopped}</p>;
    case "finished":
      if (state.reason === "stop" || state.reason === "toolCalls") return null;
      return <p class="outcome">{t.value.finishReasons[state.reason]}</p>;
    case "failed":
      return (
        <p class="outcome problem" role="alert">
          {failureText(state)}{" "}
          {state.why === "locked" && (
            <button type="button" class="link-button" onClick={() => (isKeyDialogOpen.value = true)}>
              {t.value.keyTitle}
            </button>
          )}
        </p>
      );
  }
}

function failureText(state: Extract<AnswerState, { kind: "failed" }>): string {
  if (state.why === "refused") return state.message;
  return state.why === "lost" ? t.value.lostConnection : t.value.keyNeeded;
}

function factsOf(stats: AnswerStats): string[] {
  const { promptTokens, cachedTokens, completionTokens, tokensPerSecond, firstTokenMs } = stats;
  return [
    t.value.completionTokens(completionTokens),
    ...(tokensPerSecond === undefined ? [] : [t.value.tokensPerSecond(formatSpeed(tokensPerSecond))]),
    ...(firstTokenMs === undefined ? [] : [t.value.firstToken(formatDuration(firstTokenMs))]),
    t.value.promptTokens(promptTokens, cachedTokens),
  ];
}
