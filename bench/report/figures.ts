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
  seconds: (label: string): FigureKind => ({ label, unit: "s", digits: 2 }),
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
  betweenDecodesMs: kinds.fineMs("between decodes"),
  elapsedMs: kinds.ms("all done"),
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
