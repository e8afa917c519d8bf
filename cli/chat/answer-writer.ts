/** Where an answer is written as it comes. */
export interface AnswerWriter {
  reasoning(text: string): void;
  text(text: string): void;
  /** Ends the line. */
  end(): void;
}

export interface WriterOptions {
  /** Reasoning is shown, dimmed, and control characters are left out: a model must not steer a terminal. */
  readonly terminal: boolean;
  /** false: no escape sequences (NO_COLOR). */
  readonly color: boolean;
}

const dim = "\x1b[2m";
const plain = "\x1b[22m";

/** Makes the writer of one answer. Off a terminal it writes the answer's text alone, as it is. */
export function createAnswerWriter(
  output: { write(text: string): unknown },
  { terminal, color }: WriterOptions,
): AnswerWriter {
  let last = "";
  let dimmed = false;
  const write = (text: string): void => {
    if (text === "") return;
    output.write(text);
    last = text;
  };
  return {
    reasoning(text) {
      if (!terminal) return;
      if (!dimmed && color) output.write(dim);
      dimmed = true;
      write(printable(text));
    },
    text(text) {
      if (dimmed) {
        if (color) output.write(plain);
        write(last.endsWith("\n") ? "\n" : "\n\n");
        dimmed = false;
      }
      write(terminal ? printable(text) : text);
    },
    end() {
      if (dimmed && color) output.write(plain);
      dimmed = false;
      if (last !== "" && !last.endsWith("\n")) output.write("\n");
      last = "";
    },
  };
}

/** A note about the conversation, not of it. */
export function dimmed(text: string, color: boolean): string {
  return color ? `${dim}${text}${plain}` : text;
}

/** A text without the characters that steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}
