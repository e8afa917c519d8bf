import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { ResponseFormat } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Grammar } from "../../engine/engine.ts";

/** A GBNF grammar is parsed by native code, recursively. */
const maxGbnfLength = 256 * 1024;

/** What the whole answer must look like; undefined: anything. Throws INVALID_PARAMETER for `response_format`, with the schema's place at fault. */
export function parseGrammar(format: ResponseFormat | undefined): Grammar | undefined {
  const wanted = format?.format;
  switch (wanted?.case) {
    case undefined:
      return undefined;
    case "gbnf":
      if (wanted.value.length <= maxGbnfLength) return { gbnf: wanted.value };
      throw invalidParameter("grammar", `a grammar may have at most ${maxGbnfLength} characters`);
    case "jsonObject":
    case "jsonSchema":
      throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, "not yet", { param: "response_format" });
  }
}
