import { tinyGuidePath } from "../../test/support/tiny-guide.ts";
import { writeModelFiles } from "../../test/support/multimodal-cases.ts";
import { type Colour, writePng } from "../../test/support/write-picture.ts";
import { firstTokenMs, gapsOf } from "../measure/stream-figures.ts";
import { quantile } from "../measure/statistics.ts";
import type { BenchOptions } from "../run/options.ts";
import type { Figures, Round, Scenario } from "../run/scenario.ts";
import { completion, randomTokens } from "./requests.ts";
import { bothServers } from "./servers.ts";

const streams = 3;
const streamTokens = 1200;
/** The streams run by then. */
const arrivesMs = 400;
/** A projector that takes some seconds of two cores for a picture, as real ones do. */
const size = { layers: 24, side: 560 };

/** A picture that arrives while others read. */
export const picture: Scenario = {
  name: "picture",
  summary: `${streams} streams of ${streamTokens} tokens, beside which a picture of a megapixel arrives; tiny-guide with random eyes.`,
  groups: (options) => [
    {
      servers: bothServers({
        model: tinyGuidePath,
        projector: writeModelFiles("llava", size).clip_model_path,
        slots: streams + 1,
        contextLength: 2048,
        threads: options.threads,
      }),
      cases: [
        {
          name: `${streams} streams and a picture`,
          maxWarmUps: 1,
          run: (round) => runBeside(round, options),
          goals: [
            { kind: "ratio", figure: "pictureTtftMs", of: "llama-server", max: 1.3 },
            { kind: "ratio", figure: "gapMaxMs", of: "llama-server", max: 0.15 },
          ],
        },
      ],
    },
  ],
};

async function runBeside(round: Round, { scale }: BenchOptions): Promise<Figures> {
  const maxTokens = Math.max(2, Math.round(streamTokens * scale));
  const { model } = round.server;
  const { answers, elapsedMs } = await round.send([
    ...Array.from({ length: streams }, () => ({
      requests: [completion(randomTokens(round, 64), { model, maxTokens })],
    })),
    { startMs: arrivesMs * scale, requests: [question(round)] },
  ]);
  const gaps = answers.filter(({ label }) => label !== "picture").flatMap(gapsOf);
  const [seen] = answers.filter(({ label }) => label === "picture").map(firstTokenMs);
  return {
    elapsedMs,
    pictureTtftMs: seen ?? Number.NaN,
    gapP50Ms: quantile(gaps, 0.5),
    gapP99Ms: quantile(gaps, 0.99),
    gapMaxMs: quantile(gaps, 1),
  };
}

/** About a picture that nobody has shown before. */
function question({ server: { model }, random }: Round) {
  const tint = Math.floor(random() * 256);
  const png = writePng({ width: 1000, height: 1000 }, (x, y): Colour => [x % 256, y % 256, tint]);
  const url = `data:image/png;base64,${png.toString("base64")}`;
  const content = [
    { type: "image_url", image_url: { url } },
    { type: "text", text: "What is it?" },
  ];
  const body = { model, messages: [{ role: "user", content }], max_tokens: 16, temperature: 0, stream: true };
  return { path: "/v1/chat/completions", body: JSON.stringify(body), label: "picture" };
}
