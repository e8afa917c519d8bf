import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import type { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { ResponseFormatFields } from "../schema/response-format.ts";
import type { Init } from "../../dialect/init.ts";

type FormatInit = Init<typeof ResponseFormatSchema>;

/** The one format that the request asks for in one of three ways; undefined: free text. Throws when two are asked for. */
export function responseFormatToProto(request: ResponseFormatFields): FormatInit | undefined {
  const asked = [fromOpenAi(request.response_format), fromGrammar(request.grammar), fromSchema(request.json_schema)];
  const formats = asked.filter((format) => format !== undefined);
  if (formats.length > 1) {
    const param = request.grammar == null ? "json_schema" : "grammar";
    throw invalidParameter(
      param,
      "response_format, grammar and json_schema all say what the answer looks like: give one of them",
    );
  }
  return formats[0];
}

function fromOpenAi(format: ResponseFormatFields["response_format"]): FormatInit | undefined {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return format.schema == null ? { format: { case: "jsonObject", value: {} } } : fromSchema(format.schema);
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

function fromSchema(schema: Record<string, unknown> | null | undefined): FormatInit | undefined {
  if (schema == null) return undefined;
  return { format: { case: "jsonSchema", value: { name: "response", schemaJson: jsonText(schema) } } };
}
