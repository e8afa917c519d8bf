import { fstatSync } from "node:fs";
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
    case "doctor": {
      const { doctor } = await import("./doctor/doctor.ts");
      return doctor(command.doctor, (line) => console.log(line));
    }
    case "chat": {
      const { runChat } = await import("./chat/run-chat.ts");
      const onInterrupt = (listener: () => void): void => void process.on("SIGINT", listener);
      return runChat(command.chat, { input: process.stdin, output: process.stdout, onInterrupt, env: command.env });
    }
    case "run": {
      const { runOnce } = await import("./chat/run-once.ts");
      const stdin = isPipedInto(0) ? process.stdin : undefined;
      const { stdout, stderr } = process;
      return runOnce(command.run, { stdin, stdout, stderr, signal: untilInterrupted(), env: command.env });
    }
    case "bench": {
      const { runBench } = await import("./bench/run-bench.ts");
      return runBench(command.bench, { out: (line) => console.log(line), signal: untilInterrupted() });
    }
    case "build-multimodal": {
      const { buildMultimodal } = await import("./build-multimodal.ts");
      return buildMultimodal(command, (line) => console.log(line));
    }
    case "remote": {
      const { runRemote } = await import("./remote/run-remote.ts");
      const out = (line: string): void => console.log(line);
      return runRemote(command.remote, { out, progress: process.stderr, signal: untilInterrupted() });
    }
  }
}

/** Aborted by Ctrl+C, and when nobody reads what is written any more (`| head`). */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.stdout.on("error", () => stop.abort());
  return stop.signal;
}

/** Whether something is piped or redirected in: a terminal and /dev/null have nothing to say. */
function isPipedInto(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isFile() || stat.isSocket();
  } catch {
    // It was closed by who started us.
    return false;
  }
}
