/** A line of a terminal that is written over and over. */
export interface ProgressLine {
  /** `share`: from 0 to 1. */
  show(share: number, text: string): void;
  /** Clears it. */
  end(): void;
}

const barWidth = 30;

/** A bar on a terminal, nothing elsewhere. */
export function createProgressLine(
  output: { readonly isTTY?: boolean; write(text: string): unknown } | undefined,
): ProgressLine {
  let open = false;
  if (output?.isTTY !== true) return { show() {}, end() {} };
  return {
    show(share, text) {
      open = true;
      const full = Math.round(Math.min(1, share) * barWidth);
      const percent = `${Math.round(Math.min(1, share) * 100)}%`.padStart(4);
      output.write(`\r\x1b[K[${"=".repeat(full)}${" ".repeat(barWidth - full)}] ${percent} ${text}`);
    },
    end() {
      if (open) output.write("\r\x1b[K");
      open = false;
    },
  };
}
