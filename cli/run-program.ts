import { inspect } from "node:util";
import { StartError } from "../config/config-error.ts";

/**
 * Runs a program's main function. When it fails, prints a StartError's sentence, or anything else, which is a bug, with
 * its stack and causes, and ends the process.
 */
export async function runProgram(main: () => Promise<void>, exit: (code: number) => void): Promise<void> {
  try {
    await main();
  } catch (error) {
    const expected = error instanceof StartError;
    console.error(expected ? error.message : `internal error at the start (a bug): ${inspect(error)}`);
    exit(expected ? error.exitCode : 1);
  }
}
