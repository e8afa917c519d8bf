import { useSignal } from "@preact/signals";
import { formatBytes } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { type Pull, pull, startPull } from "./model-actions.ts";

/** Asks for a model to download, and shows how far that is. */
export function PullForm() {
  const source = useSignal("");
  const file = useSignal("");
  const texts = t.value;
  const isRunning = pull.value !== undefined && pull.value.problem === undefined && !isDone(pull.value);
  const submit = (event: Event) => {
    event.preventDefault();
    const text = source.value.trim();
    const isUrl = /^https?:\/\//.test(text);
    void startPull({
      source: isUrl ? { url: text } : { repository: text },
      ...(file.value.trim() !== "" && !isUrl && { file: file.value.trim() }),
    });
  };
  return (
    <section class="card pull">
      <h2>{texts.pull}</h2>
      <form onSubmit={submit}>
        <label class="field">
          <span>{texts.pullSource}</span>
          <input
            required
            placeholder="Qwen/Qwen2.5-0.5B-Instruct-GGUF"
            value={source.value}
            onInput={({ currentTarget }) => (source.value = currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{texts.pullFile}</span>
          <input
            placeholder="*Q4_K_M.gguf"
            value={file.value}
            onInput={({ currentTarget }) => (file.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={isRunning}>
          {texts.pullStart}
        </button>
      </form>
      {pull.value && <PullView pull={pull.value} />}
    </section>
  );
}

function PullView({ pull: { name, progress, problem, stop } }: { readonly pull: Pull }) {
  if (problem !== undefined) {
    return (
      <p class="problem" role="alert">
        {problem}
      </p>
    );
  }
  if (progress?.stage === "done") return <p role="status">{t.value.pullDone(progress.model?.id ?? name)}</p>;
  const received = formatBytes(progress?.receivedBytes ?? 0);
  const total = progress?.totalBytes;
  return (
    <div class="meter" role="status">
      <span>
        {progress?.stage === "verifying"
          ? t.value.pullVerifying(name)
          : t.value.pullProgress(name, total === undefined ? received : `${received} / ${formatBytes(total)}`)}
      </span>
      <progress aria-label={name} max={total ?? 1} value={total === undefined ? undefined : progress?.receivedBytes} />
      <div>
        <button type="button" onClick={stop}>
          {t.value.stop}
        </button>
      </div>
    </div>
  );
}

function isDone({ progress }: Pull): boolean {
  return progress?.stage === "done";
}
