import process from "node:process";
import type { Command } from "./arguments/parse-command.ts";

/** Runs what is not a server, to its end. Its modules are loaded only for that. */
export async function runCommand(command: Exclude<Command, { command: "serve" }>): Promise<void> {
  switch (command.command) {
    case "print":
      return console.log(command.text);
    case "fit": {
      const { fit } = await import("./fit.ts");
      for (const warning of command.warnings) console.error(warning);
      return console.log(await fit(command.fit));
    }
    case "remote": {
      const { runRemote } = await import("./remote/run-remote.ts");
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const out = (line: string): void => console.log(line);
      return runRemote(command.remote, { out, progress: process.stderr, signal: stop.signal });
    }
  }
}
