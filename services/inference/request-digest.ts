import { createHash } from "node:crypto";
import { toBinary, type Message } from "@bufbuild/protobuf";
import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { RequestDigest } from "./quarantine.ts";

const inputs = new Map(InferenceService.methods.map(({ input }) => [input.typeName, input]));

/** By which a request to a model is known again. Throws on anything but a request of the InferenceService. */
export function digestOf(model: string, request: Message): RequestDigest {
  const schema = inputs.get(request.$typeName);
  if (schema === undefined) throw new TypeError(`${request.$typeName} is not a request`);
  return createHash("sha256")
    .update(`${model}\0${request.$typeName}\0`)
    .update(toBinary(schema, request))
    .digest("base64");
}
