import { z } from "zod";
import { TruncationSide } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { DialectDeps } from "../dialect/deps.ts";
import { type Endpoint, endpoint } from "../dialect/dialect.ts";
import { named } from "../dialect/docs/endpoint-docs.ts";
import { arrayOf, flag, integerFrom, text, tokenId, unsettable, unsupported } from "../dialect/request/fields.ts";

const vectorsSchema = named("TeiVectors", z.array(z.array(z.number())));

const maxInputs = 2_048;
const tokens = arrayOf(tokenId, { min: 1, max: 1_000_000 });

/** The body of POST /embed. */
const embedRequestSchema = z.object({
  model: text,
  inputs: z.union([
    z.string().min(1),
    arrayOf(z.union([z.string().min(1), tokens]), { min: 1, max: maxInputs }),
    tokens,
  ]),
  /** Texts that are too long are cut, at the side that is told. */
  truncate: flag,
  truncation_direction: unsettable(z.enum(["Left", "Right", "left", "right"])),
  normalize: flag,
  dimensions: integerFrom(1, 65_536),
  prompt_name: unsupported("prompt_name is not served: put the prompt in front of the texts"),
});

/** POST /embed: a vector for each text, and nothing around them. */
export function embed({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/embed",
    summary: "Turn texts into vectors (Text Embeddings Inference)",
    body: embedRequestSchema,
    example: { inputs: ["Hello!"] },
    result: vectorsSchema,
    async answer({ body, call, note }) {
      const side = /left/i.test(body.truncation_direction ?? "") ? TruncationSide.LEFT : TruncationSide.RIGHT;
      const response = await client.inference.embed(
        {
          model: body.model ?? "",
          inputs: inputsToProto(body.inputs),
          normalize: body.normalize ?? true,
          dimensions: body.dimensions ?? undefined,
          truncation: body.truncate === true ? { side } : undefined,
        },
        call,
      );
      note(response);
      return { json: response.embeddings.map(({ values }) => values) };
    },
  });
}

function inputsToProto(inputs: z.infer<typeof embedRequestSchema>["inputs"]) {
  // A list of numbers is the tokens of one text.
  const list = typeof inputs === "string" || typeof inputs[0] === "number" ? [inputs] : inputs;
  return (list as readonly (string | readonly number[])[]).map((input) =>
    typeof input === "string"
      ? { kind: { case: "text" as const, value: input } }
      : { kind: { case: "tokens" as const, value: { tokens: [...input] } } },
  );
}
