import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/language.ts";
import type { OptionSchema } from "./generation-options.ts";

interface NumberControlProps {
  readonly id: string;
  readonly schema: OptionSchema;
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
}

/** A field for a number: keeps what is typed, and says a number only while it is one that the schema allows. */
export function NumberControl({
  id,
  schema: { type, minimum, maximum, default: preset },
  value,
  onChange,
}: NumberControlProps) {
  const typed = useSignal(value === undefined ? "" : String(value));
  const isInvalid = useSignal(false);
  useEffect(() => {
    if (value === undefined && !isInvalid.value) typed.value = "";
  }, [value]);
  return (
    <>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        step={type === "integer" ? 1 : "any"}
        min={minimum}
        max={maximum}
        placeholder={preset === undefined ? t.value.serverChooses : t.value.optionUnset(String(preset))}
        value={typed.value}
        aria-invalid={isInvalid.value}
        onInput={({ currentTarget }) => {
          const { valueAsNumber, validity } = currentTarget;
          typed.value = currentTarget.value;
          isInvalid.value = !validity.valid;
          onChange(validity.valid && !Number.isNaN(valueAsNumber) ? valueAsNumber : undefined);
        }}
      />
      {isInvalid.value && (
        <small class="problem" role="alert">
          {t.value.optionRange(minimum, maximum)}
        </small>
      )}
    </>
  );
}
