/** What a tokenizer_config.json says about prompts. */
export interface TokenizerConfig {
  /** Jinja, by name; "" is the default one. */
  readonly templates: Readonly<Record<string, string>>;
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
}

/**
 * Reads a tokenizer_config.json as Hugging Face's transformers write it. Throws an Error whose message ends a sentence
 * that the file begins.
 *
 * @param template the content of the chat_template.jinja beside it, which goes before what the file itself has
 */
export function parseTokenizerConfig(text: string, template?: string): TokenizerConfig {
  const config = parseObject(text);
  const templates = template === undefined ? templatesOf(config["chat_template"]) : { "": template };
  if (templates[""] === undefined) throw new Error("has no chat_template");
  return { templates, bosToken: tokenOf(config["bos_token"]), eosToken: tokenOf(config["eos_token"]) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (isObject(value)) return value;
  throw new Error("is not a JSON object");
}

/** One template, or a list of named ones of which one is called "default". */
function templatesOf(value: unknown): Record<string, string> {
  if (typeof value === "string") return { "": value };
  if (!Array.isArray(value)) return {};
  const named = value.filter(isObject).flatMap(({ name, template }): [string, string][] => {
    if (typeof name !== "string" || typeof template !== "string") return [];
    return [[name === "default" ? "" : name, template]];
  });
  return Object.fromEntries(named);
}

/** A token's text, or an object that has it. */
function tokenOf(value: unknown): string | undefined {
  const text = isObject(value) ? value["content"] : value;
  return typeof text === "string" && text !== "" ? text : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
