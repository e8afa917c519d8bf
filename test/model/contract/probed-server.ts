import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyGuidePath } from "../../support/tiny-guide.ts";
import { writeLora } from "../../support/write-lora.ts";
import { writeBert } from "../../support/write-rerankers.ts";
import { type ContractServer, startContractServer } from "./contract-server.ts";

/** The embedded model, told that its tokenizer begins texts with a BOS. */
export const modelWithBos = "tiny-guide-with-bos";
/** A cross-encoder of random weights. */
export const reranker = "reranker";

/** A server for probes: tiny-guide, with a LoRA adapter that is not applied unless a request says so, and beside it `modelWithBos` and `reranker`. */
export async function startProbedServer(): Promise<ContractServer> {
  const folder = mkdtempSync(join(tmpdir(), "tokenwire-probes-"));
  const file = join(folder, "config.json");
  const rerankerFile = join(folder, "reranker.gguf");
  writeBert(rerankerFile);
  const adapter = join(folder, "adapter.gguf");
  writeLora(adapter);
  const model = { model: tinyGuidePath, n_ctx: 8_192, slot_save_path: join(folder, "slots") };
  const kv_overrides = ["tokenizer.ggml.add_bos_token=bool:true"];
  const models = [
    { ...model, model_alias: "tiny-guide", lora_adapters: [`${adapter}:0`] },
    { ...model, model_alias: modelWithBos, kv_overrides },
    { model: rerankerFile, model_alias: reranker },
  ];
  writeFileSync(file, JSON.stringify({ models, models_dir: join(folder, "pulled") }));
  const server = await startContractServer({ args: ["--config_file", file] });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
