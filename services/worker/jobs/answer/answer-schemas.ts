import type { MessageInitShape } from "@bufbuild/protobuf";
import { RpcError } from "../../../../clients/errors.ts";
import type { ResponseFormat, UnenforcedSchema } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Tool } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { GrammarBuilder } from "../../../engine/schema/gbnf/grammar-builder.ts";

export type Unenforced = MessageInitShape<typeof UnenforcedSchema>;

/** Schemas, as JSON text, of which the grammar does not enforce all: what the answer is to be checked against. */
export interface AnswerSchemas {
  /** Of the whole answer. */
  readonly content: string | undefined;
  /** Of calls' arguments, by the tools' names. */
  readonly tools: ReadonlyMap<string, string>;
}

export const formatParam = "response_format.json_schema.schema";

export function toolParam(index: number): string {
  return `tools[${index}].function.parameters`;
}

/** Whose schemas may go without what no grammar can enforce. */
export interface Leniency {
  /** Whether the schema of this field is refused for such parts. */
  readonly isStrict: (param: string) => boolean;
  /** Whether one that is refused altogether is done without, too. */
  readonly isOptional?: (param: string) => boolean;
}

/** A builder like `rules` that notes what schemas ask for and the grammar does not enforce, where that is let pass. */
export function notingRules(
  rules: GrammarBuilder,
  { isStrict, isOptional = () => false }: Leniency,
): { readonly rules: GrammarBuilder; readonly unenforced: readonly Unenforced[] } {
  const unenforced: Unenforced[] = [];
  const addSchema: GrammarBuilder["addSchema"] = (schema, name, options = {}) => {
    const { param = formatParam } = options;
    if (isStrict(param)) return rules.addSchema(schema, name, options);
    const noted: Unenforced[] = [];
    try {
      const onUnenforced = (pointer: string, reason: string) => void noted.push({ param, pointer, reason });
      const rule = rules.addSchema(schema, name, { ...options, onUnenforced });
      unenforced.push(...noted);
      return rule;
    } catch (error) {
      if (!(error instanceof RpcError) || !isOptional(param)) throw error;
      unenforced.push({ param, pointer: "#", reason: error.message });
      return rules.addSchema({ type: "object" }, name, { param });
    }
  };
  return { rules: { ...rules, addSchema }, unenforced };
}

/** The schemas that an answer is to be checked against, for what is not enforced of them. */
export function schemasToCheck(
  { responseFormat, tools }: { readonly responseFormat?: ResponseFormat | undefined; readonly tools: readonly Tool[] },
  unenforced: readonly Unenforced[],
): AnswerSchemas {
  const params = new Set(unenforced.map(({ param }) => param));
  const format = responseFormat?.format;
  return {
    content: format?.case === "jsonSchema" && params.has(formatParam) ? format.value.schemaJson : undefined,
    tools: new Map(
      tools.flatMap(({ name, parametersJson }, i) => (params.has(toolParam(i)) ? [[name, parametersJson]] : [])),
    ),
  };
}
