import type { ComponentChildren } from "preact";
import { Dialog } from "../app/dialog.tsx";
import { t } from "../i18n/language.ts";
import { changeSettings, draftSettings } from "./chat-actions.ts";
import { answerFormats, type ChatSettings, readSchema, readTools, reasoningModes } from "./chat-settings.ts";
import type { Conversation } from "./conversation.ts";
import { NumberControl } from "./number-control.tsx";
import { OptionFields } from "./option-fields.tsx";

interface SettingsDrawerProps {
  /** Undefined: the settings are the next conversation's. */
  readonly conversation: Conversation | undefined;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** How a conversation is answered. Each change counts at once, from the next answer on. */
export function SettingsDrawer({ conversation, isOpen, onClose }: SettingsDrawerProps) {
  const settings = conversation?.settings ?? draftSettings.value;
  const change = (changed: Partial<ChatSettings>) => changeSettings(conversation, changed);
  const texts = t.value;
  return (
    <Dialog kind="drawer" title={texts.settings} isOpen={isOpen} onClose={onClose}>
      <TextField
        label={texts.systemPrompt}
        hint={texts.systemPromptHint}
        value={settings.systemPrompt}
        onChange={(systemPrompt) => change({ systemPrompt })}
      />
      <OptionFields options={settings.options} onChange={(options) => change({ options })} />
      <Choice
        label={texts.answerFormat}
        choices={answerFormats}
        names={texts.formats}
        value={settings.format}
        onChange={(format) => change({ format })}
      />
      {settings.format === "schema" && (
        <TextField
          isCode
          label={texts.schemaLabel}
          hint={texts.schemaHint}
          value={settings.schema}
          problem={settings.schema === "" ? undefined : problemOf(readSchema(settings.schema, texts))}
          onChange={(schema) => change({ schema })}
        />
      )}
      <Choice
        label={texts.reasoningSetting}
        choices={reasoningModes}
        names={texts.reasoningModes}
        value={settings.reasoning}
        onChange={(reasoning) => change({ reasoning })}
      />
      {settings.reasoning !== "off" && (
        <div class="field">
          <label for="reasoning-budget">{texts.reasoningBudget}</label>
          <NumberControl
            id="reasoning-budget"
            schema={{ type: "integer", minimum: 0 }}
            value={settings.reasoningBudget}
            onChange={(reasoningBudget) => change({ reasoningBudget })}
          />
        </div>
      )}
      <TextField
        isCode
        label={texts.toolsLabel}
        hint={texts.toolsHint}
        value={settings.tools}
        problem={problemOf(readTools(settings.tools, texts))}
        onChange={(tools) => change({ tools })}
      />
    </Dialog>
  );
}

function problemOf(read: object): string | undefined {
  return "problem" in read ? String(read.problem) : undefined;
}

interface TextFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly problem?: string | undefined;
  readonly isCode?: boolean;
}

function TextField({ label, hint, value, onChange, problem, isCode = false }: TextFieldProps): ComponentChildren {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        rows={isCode ? 6 : 3}
        class={isCode ? "code" : undefined}
        spellcheck={!isCode}
        value={value}
        aria-invalid={problem !== undefined}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <small class={problem === undefined ? "hint" : "problem"}>{problem ?? hint}</small>
    </label>
  );
}

interface ChoiceProps<Word extends string> {
  readonly label: string;
  readonly choices: readonly Word[];
  readonly names: Readonly<Record<Word, string>>;
  readonly value: Word;
  readonly onChange: (value: Word) => void;
}

function Choice<Word extends string>({ label, choices, names, value, onChange }: ChoiceProps<Word>): ComponentChildren {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {choices.map((word) => (
        <label key={word}>
          <input type="radio" name={label} checked={word === value} onChange={() => onChange(word)} />
          <span>{names[word]}</span>
        </label>
      ))}
    </fieldset>
  );
}
