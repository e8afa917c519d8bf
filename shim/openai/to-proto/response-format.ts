import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import type { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { ResponseFormatFields } from "../schema/response-format.ts";
import type { Init } from "../../dialect/deps.ts";

type FormatInit = Init<typeof ResponseFormatSchema>;

/** The one form that the request asks for, in one of its many ways; undefined: free text. Throws when two are asked for. */
export function responseFormatToProto(request: ResponseFormatFields): FormatInit | undefined {
  const outputs = request.structured_outputs;
  const asked: readonly (readonly [field: string, format: FormatInit | undefined])[] = [
    ["response_format", fromOpenAi(request.response_format)],
    ["grammar", fromGrammar(request.grammar)],
    ["json_schema", fromSchema(request.json_schema)],
    ["guided_json", fromSchema(request.guided_json)],
    ["guided_regex", fromRegex(request.guided_regex)],
    ["guided_choice", fromChoice(request.guided_choice)],
    ["guided_grammar", fromGrammar(request.guided_grammar)],
    ["regex", fromRegex(request.regex)],
    ["ebnf", fromGrammar(request.ebnf)],
    ["structured_outputs.json", fromSchema(outputs?.json)],
    ["structured_outputs.regex", fromRegex(outputs?.regex)],
    ["structured_outputs.choice", fromChoice(outputs?.choice)],
    ["structured_outputs.grammar", fromGrammar(outputs?.grammar)],
    ["structured_outputs.json_object", outputs?.json_object === true ? anyObject : undefined],
  ];
  const given = asked.filter(([, format]) => format !== undefined);
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    throw invalidParameter(
      second[0],
      `${second[0]} and ${first[0]} both say what the answer looks like: give one of them`,
    );
  }
  return first?.[1];
}

const anyObject: FormatInit = { format: { case: "jsonObject", value: {} } };

function fromOpenAi(format: ResponseFormatFields["response_format"]): FormatInit | undefined {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return format.schema == null ? anyObject : fromSchema(format.schema);
    case "json_schema": {
      const { name, schema, strict } = format.json_schema;
      return {
        format: {
          case: "jsonSchema",
          // Without a schema OpenAI takes any JSON, which is what the empty schema says.
          value: { name, schemaJson: jsonText(schema ?? {}), strict: strict ?? undefined },
        },
      };
    }
  }
}

function fromGrammar(grammar: string | null | undefined): FormatInit | undefined {
  return grammar == null ? undefined : { format: { case: "gbnf", value: grammar } };
}

function fromRegex(regex: string | null | undefined): FormatInit | undefined {
  return regex == null ? undefined : { format: { case: "regex", value: regex } };
}

function fromChoice(options: readonly string[] | null | undefined): FormatInit | undefined {
  return options == null ? undefined : { format: { case: "choice", value: { options: [...options] } } };
}

function fromSchema(schema: Record<string, unknown> | string | null | undefined): FormatInit | undefined {
  if (schema == null) return undefined;
  const schemaJson = typeof schema === "string" ? schema : jsonText(schema);
  return { format: { case: "jsonSchema", value: { name: "response", schemaJson } } };
}
