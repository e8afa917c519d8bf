import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { PullModelRequestSchema } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import type { Init } from "../../dialect/deps.ts";

/**
 * A model's name as a download: `hf.co/user/repo`, `hf.co/user/repo:Q4_K_M`, or a file's address. Names of Ollama's own
 * registry are refused: its blobs are not for others' servers.
 */
export function pullToProto(name: string): Init<typeof PullModelRequestSchema> {
  if (/^https?:\/\/\S+\.gguf$/i.test(name)) return { source: { case: "url", value: name }, id: name };
  const [, repository, quantization] =
    /^(?:https?:\/\/)?(?:hf\.co|huggingface\.co)\/([^/:\s]+\/[^/:\s]+)(?::(\S+))?$/.exec(name) ?? [];
  if (repository === undefined) {
    const message = `${JSON.stringify(name)} is not configured here, and Ollama's registry is not asked: name a repository of Hugging Face (hf.co/user/repo:Q4_K_M)`;
    throw new RpcError(ErrorReason.MODEL_NOT_FOUND, message, { param: "model" });
  }
  const file =
    quantization === undefined ? "" : quantization.endsWith(".gguf") ? quantization : `*${quantization}*.gguf`;
  return { source: { case: "repository", value: repository }, file, id: name };
}
