import { readdirSync, readFileSync } from "node:fs";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { GenerationOptionsSchema } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { TestWorker } from "./worker.ts";

type Options = MessageInitShape<typeof GenerationOptionsSchema>;

/** The pieces of text that a worker's model writes after a prompt, by default the most likely ones. */
export async function* completion(
  { inference }: TestWorker,
  text: string,
  options: Options = {},
): AsyncGenerator<string> {
  const prompt = { kind: { case: "text" as const, value: text } };
  for await (const { event } of inference.complete({ prompt, options: { temperature: 0, maxTokens: 16, ...options } }))
    if (event.case === "text") yield event.value.text;
}

/** The same in one piece. */
export async function complete(worker: TestWorker, text: string, options?: Options): Promise<string> {
  return (await Array.fromAsync(completion(worker, text, options))).join("");
}

/** How likely a worker's model finds each token of a text after those before it: any change of its arithmetic shows. */
export async function scores({ inference }: TestWorker, text: string): Promise<number[]> {
  const prompt = { kind: { case: "text" as const, value: text } };
  const found: number[] = [];
  for await (const { event } of inference.complete({ prompt, echo: true, options: { maxTokens: 0, topLogprobs: 0 } }))
    if (event.case === "text") found.push(...event.value.logprobs.map(({ token }) => token?.logprob ?? 0));
  return found;
}

/** The prompt that a worker makes of one user message. */
export async function prompt({ inference }: TestWorker, text: string): Promise<string> {
  const content = [{ part: { case: "text" as const, value: text } }];
  return (await inference.applyTemplate({ messages: [{ role: Role.USER, content }] })).prompt;
}

/** Whether a file is mapped into a worker's memory. */
export function mapsFile({ pid }: TestWorker, path: string): boolean {
  return readFileSync(`/proc/${pid}/maps`, "utf8").includes(path);
}

/** How much of a worker's memory cannot be swapped out. */
export function lockedBytes({ pid }: TestWorker): number {
  return Number(/VmLck:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/**
 * Milliseconds that ggml's own threads have been on a core. They carry the name of the thread that made them, which is
 * the process's first; that one, and libuv's, which call ggml, do not count.
 */
export function poolMsSoFar({ pid }: TestWorker): number {
  const read = (thread: string, file: string) => readFileSync(`/proc/${pid}/task/${thread}/${file}`, "utf8");
  const name = read(String(pid), "comm");
  return readdirSync(`/proc/${pid}/task`)
    .filter((thread) => thread !== String(pid) && read(thread, "comm") === name)
    .reduce((sum, thread) => sum + Number(read(thread, "schedstat").split(" ")[0]) / 1e6, 0);
}
