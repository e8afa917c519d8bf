import { t } from "../i18n/language.ts";
import {
  type GenerationOptionName,
  isOffered,
  mainOptions,
  optionSchemas,
  type OptionSchema,
  type OptionValues,
} from "./generation-options.ts";
import { NumberControl } from "./number-control.tsx";

interface OptionFieldsProps {
  readonly options: OptionValues;
  readonly onChange: (options: OptionValues) => void;
}

const otherOptions = Object.keys(optionSchemas)
  .filter(isOffered)
  .filter((name) => !mainOptions.includes(name));

/** A control for each generation option that the schema of requests has. */
export function OptionFields({ options, onChange }: OptionFieldsProps) {
  const texts = t.value;
  const field = (name: GenerationOptionName) => (
    <OptionField
      key={name}
      name={name}
      value={options[name]}
      onChange={(value) => {
        const { [name]: _, ...rest } = options;
        onChange(value === undefined ? rest : { ...rest, [name]: value });
      }}
    />
  );
  const isOtherSet = otherOptions.some((name) => options[name] !== undefined);
  return (
    <fieldset class="options">
      <legend>{texts.sampling}</legend>
      <p class="hint">
        {texts.samplingAbout}{" "}
        <button type="button" class="link-button" onClick={() => onChange({})}>
          {texts.resetSampling}
        </button>
      </p>
      <div class="option-grid">{mainOptions.map(field)}</div>
      <details open={isOtherSet}>
        <summary>{texts.moreSampling}</summary>
        <div class="option-grid">{otherOptions.map(field)}</div>
      </details>
    </fieldset>
  );
}

type OptionValue = number | boolean | readonly string[];

interface OptionFieldProps {
  readonly name: GenerationOptionName;
  readonly value: OptionValue | undefined;
  readonly onChange: (value: OptionValue | undefined) => void;
}

function OptionField({ name, value, onChange }: OptionFieldProps) {
  const schema = optionSchemas[name];
  const id = `option-${name}`;
  return (
    <div class="field" data-type={schema.type}>
      <label for={id}>{t.value.optionNames[name]}</label>
      <OptionControl id={id} schema={schema} value={value} onChange={onChange} />
    </div>
  );
}

interface OptionControlProps {
  readonly id: string;
  readonly schema: OptionSchema;
  readonly value: OptionValue | undefined;
  readonly onChange: (value: OptionValue | undefined) => void;
}

function OptionControl({ id, schema, value, onChange }: OptionControlProps) {
  const texts = t.value;
  switch (schema.type) {
    case "number":
    case "integer":
      return (
        <NumberControl
          id={id}
          schema={schema}
          value={typeof value === "number" ? value : undefined}
          onChange={onChange}
        />
      );
    case "boolean":
      return (
        <select
          id={id}
          value={value === undefined ? "" : String(value)}
          onChange={({ currentTarget }) =>
            onChange(currentTarget.value === "" ? undefined : currentTarget.value === "true")
          }
        >
          <option value="">{texts.serverChooses}</option>
          <option value="true">{texts.yes}</option>
          <option value="false">{texts.no}</option>
        </select>
      );
    case "array":
      return (
        <textarea
          id={id}
          rows={2}
          placeholder={texts.onePerLine}
          value={Array.isArray(value) ? value.join("\n") : ""}
          onInput={({ currentTarget }) => {
            const lines = currentTarget.value === "" ? [] : currentTarget.value.split("\n");
            onChange(lines.length === 0 ? undefined : lines);
          }}
        />
      );
  }
}
