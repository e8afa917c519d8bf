/** One bar: its value, and how far the rounds lay apart. */
export interface Bar {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BarChart {
  readonly title: string;
  /** Under the groups of bars. */
  readonly labels: readonly string[];
  /** One colour each, with a bar for each label; undefined: nothing was measured. */
  readonly series: readonly { readonly name: string; readonly bars: readonly (Bar | undefined)[] }[];
  readonly format: (value: number) => string;
}

const colours = ["#2563eb", "#f59e0b", "#6b7280", "#10b981", "#a855f7", "#ef4444"];
const width = 720;
const height = 320;
const plot = { left: 64, right: 708, top: 56, bottom: 272 } as const;

/** Draws groups of bars, with a line for the least and the most of the rounds. Readable on light and dark pages. */
export function barChart({ title, labels, series, format }: BarChart): string {
  const highest = Math.max(0, ...series.flatMap(({ bars }) => bars.map((bar) => bar?.high ?? 0)));
  const top = niceTop(highest);
  const y = (value: number): number => plot.bottom - (value / top) * (plot.bottom - plot.top);
  const groupWidth = (plot.right - plot.left) / labels.length;
  const barWidth = Math.min(48, (groupWidth * 0.8) / series.length);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * top);
    return `${line({ x1: plot.left, x2: plot.right, y1: at, y2: at }, "#9ca3af55")}${text(format(share * top), { x: plot.left - 6, y: at + 4, anchor: "end" })}`;
  });
  const groups = labels.map((label, index) => {
    const middle = plot.left + groupWidth * (index + 0.5);
    const bars = series.map(({ bars }, of) => {
      const x = middle + (of - series.length / 2) * barWidth;
      return bars[index] === undefined ? "" : drawBar(bars[index], { x, barWidth, y, colour: colourOf(of) });
    });
    return bars.join("") + text(label, { x: middle, y: plot.bottom + 18, anchor: "middle" });
  });
  const legend = series.map(({ name }, index) => {
    const x = plot.left + index * 160;
    return `<rect x="${x}" y="34" width="12" height="12" fill="${colourOf(index)}"/>${text(name, { x: x + 18, y: 44 })}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(title, { x: plot.left, y: 22, bold: true })}
${[...legend, ...grid, ...groups].join("\n")}
</svg>
`;
}

interface Place {
  readonly x: number;
  readonly barWidth: number;
  readonly y: (value: number) => number;
  readonly colour: string;
}

function drawBar({ value, low, high }: Bar, { x, barWidth, y, colour }: Place): string {
  const middle = x + barWidth / 2;
  const rect = `<rect x="${round(x + 1)}" y="${round(y(value))}" width="${round(barWidth - 2)}" height="${round(y(0) - y(value))}" fill="${colour}"/>`;
  return rect + line({ x1: middle, x2: middle, y1: y(low), y2: y(high) }, "#111827");
}

function line(at: { x1: number; x2: number; y1: number; y2: number }, colour: string): string {
  const places = Object.entries(at).map(([name, value]) => `${name}="${round(value)}"`);
  return `<line ${places.join(" ")} stroke="${colour}"/>`;
}

function text(
  content: string,
  { x, y, anchor = "start", bold = false }: { x: number; y: number; anchor?: string; bold?: boolean },
) {
  const weight = bold ? ` font-weight="bold"` : "";
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#111827"${weight}>${escape(content)}</text>`;
}

/** The next of 1, 2, 2.5, 5 and 10 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? "#000000";
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
