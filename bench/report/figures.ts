interface FigureKind {
  readonly label: string;
  readonly unit: string;
  readonly digits: number;
}

const kinds = {
  perSecond: (label: string): FigureKind => ({ label, unit: "/s", digits: 0 }),
  ms: (label: string): FigureKind => ({ label, unit: "ms", digits: 1 }),
  fineMs: (label: string): FigureKind => ({ label, unit: "ms", digits: 3 }),
  mb: (label: string): FigureKind => ({ label, unit: "MB", digits: 0 }),
  ratio: (label: string): FigureKind => ({ label, unit: "", digits: 2 }),
  count: (label: string): FigureKind => ({ label, unit: "", digits: 0 }),
};

/** Every figure that a scenario may give, and how it is written. */
const figureKinds = {
  tokensPerSecond: kinds.perSecond("tokens"),
  ttftP50Ms: kinds.ms("TTFT p50"),
  ttftP99Ms: kinds.ms("TTFT p99"),
  gapP50Ms: kinds.ms("gap p50"),
  gapP99Ms: kinds.ms("gap p99"),
  meanBatch: kinds.ratio("mean batch"),
  stepMs: kinds.fineMs("decode"),
  decodeMs: kinds.ms("all decodes"),
  betweenDecodesMs: kinds.fineMs("between decodes"),
  elapsedMs: kinds.ms("all done"),
  pictureTtftMs: kinds.ms("picture's TTFT"),
  promptTtftMs: kinds.ms("long prompt's TTFT"),
  gapMaxMs: kinds.ms("gap max"),
  embeddingsPerSecond: kinds.perSecond("embeddings"),
  latencyMeanMs: kinds.ms("mean latency"),
  latencyP50Ms: kinds.fineMs("latency p50"),
  latencyP99Ms: kinds.fineMs("latency p99"),
  completionTokensPerSecond: kinds.perSecond("completion tokens"),
  plainTokensPerSecond: kinds.perSecond("plain text's"),
  ofPlain: kinds.ratio("share of plain text's"),
  firstTokenLaterMs: kinds.ms("first token later than plain text's"),
  firstTurnTtftP50Ms: kinds.ms("first turn's TTFT p50"),
  secondTurnTtftP50Ms: kinds.ms("second turn's TTFT p50"),
  laterTtftP50Ms: kinds.ms("later turns' TTFT p50"),
  laterTtftP99Ms: kinds.ms("later turns' TTFT p99"),
  cachedShare: kinds.ratio("cached share of later prompts"),
  ttftMaxMs: kinds.ms("TTFT max"),
  cachedTokens: kinds.count("cached tokens, at least"),
  frontMsPerToken: kinds.fineMs("front per token"),
  workerMsPerToken: kinds.fineMs("worker per token, beside decodes"),
  computeMsPerToken: kinds.fineMs("llama.cpp's threads per token"),
  frontCpuShare: { label: "front's cores", unit: "", digits: 4 },
  workerCpuShare: { label: "worker's cores", unit: "", digits: 4 },
  allMb: kinds.mb("all"),
  frontMb: kinds.mb("front"),
  workerMb: kinds.mb("worker"),
  frontPssMb: kinds.mb("front's PSS"),
  workerPssMb: kinds.mb("worker's PSS"),
  firstTokenMs: kinds.ms("first token"),
  workerReadyMs: kinds.ms("worker ready"),
  maskP50Ms: kinds.fineMs("mask p50"),
  maskP99Ms: kinds.fineMs("mask p99"),
  maskMaxMs: kinds.fineMs("mask max"),
  requestsOff: kinds.count("requests off"),
  promptTokensOff: kinds.count("prompt tokens off"),
  completionTokensOff: kinds.count("completion tokens off"),
  inFlightOff: kinds.count("requests in flight off"),
  accountedShare: kinds.ratio("share of time in steps"),
  generatorCpuShare: kinds.ratio("load generator's cores"),
} satisfies Record<string, FigureKind>;

export function figureKind(name: string): FigureKind {
  const known: Readonly<Record<string, FigureKind | undefined>> = figureKinds;
  return known[name] ?? { label: name, unit: "", digits: 3 };
}

/** `12.3 ms`. */
export function formatFigure(name: string, value: number): string {
  const { unit, digits } = figureKind(name);
  const text = Number.isFinite(value) ? value.toFixed(digits) : "–";
  return unit.startsWith("/") ? text + unit : `${text} ${unit}`.trimEnd();
}
