// Records what llama-server answers about the tests' pictures and sounds, with the same files: test data, which
// test/model/multimodal.test.ts compares our answers with. usage: node bench/multimodal-oracle.ts LLAMA_SERVER
import { writeFileSync } from "node:fs";
import {
  answerTokens,
  cases,
  media,
  type MediumName,
  promptPieces,
  writeModelFiles,
} from "../test/support/multimodal-cases.ts";
import { startServer } from "./servers/start-server.ts";

const [binary] = process.argv.slice(2);
if (binary === undefined) throw new Error("which llama-server? bench/build-llama-server.sh makes one");

const recorded: { kind: string; message: string; promptTokens: number; answer: string }[] = [];
for (const [kind, ofKind] of Map.groupBy(cases, (each) => each.kind)) {
  const { model, clip_model_path: projector } = writeModelFiles(kind);
  const server = await startServer(
    { kind: "llama-server", model, projector, slots: 1, contextLength: 2048, threads: 1 },
    binary,
  );
  const props = (await (await fetch(`http://127.0.0.1:${server.port}/props`)).json()) as { media_marker: string };
  for (const { message } of ofKind) {
    const pieces = promptPieces({ message });
    const data = pieces
      .filter((_, index) => index % 2 === 1)
      .map((name) => media[name as MediumName].toString("base64"));
    const prompt = pieces.map((piece, index) => (index % 2 === 1 ? props.media_marker : piece)).join("");
    const response = await fetch(`http://127.0.0.1:${server.port}/completion`, {
      method: "POST",
      body: JSON.stringify({
        prompt: { prompt_string: prompt, multimodal_data: data },
        temperature: 0,
        n_predict: answerTokens,
        cache_prompt: false,
      }),
    });
    const { content, tokens_evaluated } = (await response.json()) as { content: string; tokens_evaluated: number };
    recorded.push({ kind, message, promptTokens: tokens_evaluated, answer: content });
  }
  await server.stop();
}
const file = new URL("../test/data/multimodal/answers.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`);
console.log(`${recorded.length} answers in ${file.pathname}`);
process.exit();
