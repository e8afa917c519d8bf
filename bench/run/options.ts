import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parsePeer, type Peer } from "../servers/running-server.ts";

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of scenarios. */
  readonly scenarios: readonly string[];
  readonly model: string;
  readonly tinyModel: string;
  readonly embeddingModel: string;
  /** Undefined: not there (bench/README.md says how it is made). */
  readonly largeVocabularyModel: string | undefined;
  /** Undefined: not there, so nothing is compared with it. */
  readonly llamaServer: string | undefined;
  readonly batchedBench: string | undefined;
  readonly peers: readonly Peer[];
  readonly users: readonly number[] | undefined;
  /** Requests a second. */
  readonly rates: readonly number[];
  readonly threads: number | undefined;
  readonly rounds: number;
  /** Rounds before the first one that counts: JavaScript is compiled as it is used. */
  readonly warmUps: number;
  /** No round begins later than so many seconds after the start. */
  readonly seconds: number;
  /** Scales the work of a round down: 1 as documented. */
  readonly scale: number;
  /** Only cases with this in their name. */
  readonly only: string | undefined;
  readonly seed: number;
  readonly json: string | undefined;
  readonly out: string | undefined;
  /** How it was asked for, without paths of this machine. */
  readonly command: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Reads the command line. Throws what is wrong with it. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      models: { type: "string", default: here("../../../shared/models") },
      model: { type: "string", default: "SmolLM2-135M-Instruct-Q4_0.gguf" },
      "tiny-model": { type: "string", default: here("../../models/tiny-guide/tiny-guide-q8_0.gguf") },
      "embedding-model": { type: "string", default: "all-MiniLM-L6-v2-Q8_0.gguf" },
      "large-vocabulary-model": { type: "string", default: here("../.models/vocabulary-262144.gguf") },
      "llama-server": { type: "string", default: here("../.peer/build/bin/llama-server") },
      "batched-bench": { type: "string" },
      peer: { type: "string", multiple: true, default: [] },
      users: { type: "string" },
      rates: { type: "string", default: "1,2" },
      threads: { type: "string" },
      rounds: { type: "string", default: "7" },
      seconds: { type: "string", default: "Infinity" },
      scale: { type: "string", default: "1" },
      only: { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      out: { type: "string" },
    },
  });
  const llamaServer = ifThere(values["llama-server"]);
  return {
    scenarios: positionals,
    model: resolve(values.models, values.model),
    tinyModel: values["tiny-model"],
    embeddingModel: resolve(values.models, values["embedding-model"]),
    largeVocabularyModel: ifThere(values["large-vocabulary-model"]),
    llamaServer,
    // Built together, they lie together.
    batchedBench: ifThere(
      values["batched-bench"] ?? values["llama-server"].replace(/llama-server$/, "llama-batched-bench"),
    ),
    peers: values.peer.map(parsePeer),
    users: values.users?.split(",").map((text) => toNumber(text, "--users")),
    rates: values.rates.split(",").map((text) => toNumber(text, "--rates")),
    threads: values.threads === undefined ? undefined : toNumber(values.threads, "--threads"),
    rounds: toNumber(values.rounds, "--rounds"),
    warmUps: 3,
    seconds: toNumber(values.seconds, "--seconds"),
    scale: toNumber(values.scale, "--scale"),
    only: values.only,
    // Servers that go on running must not know the prompts of the run before.
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : toNumber(values.seed, "--seed"),
    json: values.json,
    out: values.out,
    command: commandOf(args),
  };
}

function commandOf(args: readonly string[]): string {
  const kept = args.filter((arg, index) => !isPath(arg) && !isPath(args[index - 1] ?? ""));
  return ["npm run bench --", ...kept.map((arg) => (arg.includes(" ") ? `"${arg}"` : arg))].join(" ");
}

function isPath(flag: string): boolean {
  return /^--(models|model|.*-model|llama-server|batched-bench|peer|json|out)$/.test(flag);
}

function toNumber(text: string, flag: string): number {
  const number = Number(text);
  if (text.trim() === "" || !(number > 0)) throw new Error(`${flag} ${text}: not a number above 0`);
  return number;
}

function ifThere(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}
