import { t } from "../i18n/language.ts";
import { send } from "./chat-actions.ts";

/** What a conversation without messages shows: what this is, and something to begin with. */
export function Welcome() {
  return (
    <div class="welcome">
      <h1>{t.value.welcome}</h1>
      <p>{t.value.welcomeAbout}</p>
      <ul>
        {t.value.examples.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => send(undefined, example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
