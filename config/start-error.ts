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
