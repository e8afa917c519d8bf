import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { llamaCompletionSchema, llamaCompletionsSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import { generationWithoutEffect, infillRequestSchema } from "../schema/completion-request.ts";
import { formatToProto, generationToProto } from "../to-proto/generation.ts";
import { runCompletions } from "./run-completions.ts";

/** POST /infill: what belongs between a prefix and a suffix, with pieces of other files beside them. */
export function infill(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/infill",
    summary: "Fill in code (llama-server)",
    body: infillRequestSchema,
    withoutEffect: generationWithoutEffect,
    example: { input_prefix: "function add(a, b) {", input_suffix: "}", n_predict: 16 },
    result: llamaCompletionsSchema,
    chunk: llamaCompletionSchema,
    streams: true,
    explain,
    async answer(exchange) {
      const { body } = exchange;
      const prefix = body.input_prefix + (body.prompt ?? "");
      const request = {
        model: body.model ?? "",
        prompt: { kind: { case: "text" as const, value: prefix } },
        suffix: body.input_suffix,
        snippets: (body.input_extra ?? []).map(({ filename, text }) => ({ name: filename ?? "", text })),
        options: generationToProto(body),
        responseFormat: formatToProto(body),
      };
      return runCompletions(deps, exchange, [{ request, prompt: prefix }]);
    },
  });
}
