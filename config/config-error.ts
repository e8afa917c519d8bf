/**
 * The server cannot start, for a reason outside of it: a port that is taken, a file that cannot be read, a setting that
 * cannot be followed. Its message is a sentence for the person who starts it, with the remedy, to be printed without a
 * stack.
 */
export class StartError extends Error {
  /** Of the process. */
  readonly exitCode: number = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
  }
}

/**
 * The configuration cannot be used. Its message is written for the person who starts the server: one sentence for each
 * problem, with the setting, its value and the remedy.
 */
export class ConfigError extends StartError {
  override readonly exitCode = 2;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const [first = "the configuration cannot be used", ...more] = problems;
    super(
      more.length === 0 ? first : `${problems.length} problems:\n${problems.map((line) => `- ${line}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Collects problems, so that one start names all of them, and each once. */
export class Problems {
  readonly #sentences = new Set<string>();

  add(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** Throws a ConfigError when there are any. */
  throwIfAny(): void {
    if (this.#sentences.size > 0) throw new ConfigError([...this.#sentences]);
  }
}
