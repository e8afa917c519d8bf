import type { LoadGenerator } from "../load/load-generator.ts";
import { seededRandom } from "../measure/statistics.ts";
import { runningServer } from "../servers/running-server.ts";
import type { Server, ServerSpec } from "../servers/server.ts";
import { startServer } from "../servers/start-server.ts";
import type { BenchOptions } from "./options.ts";
import type { CaseResult } from "./result.ts";
import type { Case, Figures, Group } from "./scenario.ts";

/** Before the first round of a group: JavaScript is compiled as it is used, and what has just started is not typical. */
const warmUps = 3;

/** Measures the cases of a group, one after the other, over the servers that it starts for them. */
export async function* runGroup(
  group: Group,
  { load, options }: { readonly load: LoadGenerator; readonly options: BenchOptions },
): AsyncGenerator<CaseResult, void, void> {
  const cases = group.cases.filter(({ name }) => name.includes(options.only ?? ""));
  if (cases.length === 0) return;
  const servers: Server[] = [];
  try {
    for (const spec of group.servers) {
      const server = await start(spec, options);
      if (server !== undefined) servers.push(server);
    }
    for (const peer of options.peers) servers.push(await runningServer(peer));
    for (const [index, it] of cases.entries()) {
      const rounds = await runCase(it, {
        servers,
        load,
        rounds: Math.min(options.rounds, it.maxRounds ?? Infinity),
        warmUps: index === 0 ? warmUps : 1,
        seed: options.seed,
        ceiling: group.ceiling,
      });
      yield { case: it.name, goals: it.goals ?? [], rounds };
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function start(spec: ServerSpec, { llamaServer }: BenchOptions): Promise<Server | undefined> {
  if (spec.kind === "llama-server" && llamaServer === undefined) return undefined;
  return startServer(spec, llamaServer ?? "");
}

interface CaseRun {
  readonly servers: readonly Server[];
  readonly load: LoadGenerator;
  readonly rounds: number;
  readonly warmUps: number;
  readonly seed: number;
  readonly ceiling: Group["ceiling"];
}

/** Rounds in which each server has its turn: the order changes, since what came before may still be felt. */
async function runCase(it: Case, run: CaseRun): Promise<Record<string, Figures[]>> {
  const figures: Record<string, Figures[]> = Object.fromEntries(run.servers.map(({ name }) => [name, []]));
  for (let round = -run.warmUps; round < run.rounds; round++) {
    const turn = Math.abs(round) % Math.max(1, run.servers.length);
    for (const server of [...run.servers.slice(turn), ...run.servers.slice(0, turn)]) {
      const random = seededRandom(run.seed + round * 7919);
      const { host, port } = server;
      const measured = await it
        .run({ server, send: (flows) => run.load.run({ host, port, flows }), random })
        .catch((error: unknown) => {
          throw new Error(`${server.name}, ${it.name}: its log ends with\n${server.log()}`, { cause: error });
        });
      if (round >= 0) figures[server.name]?.push(measured);
    }
    const ceiling = round < 0 ? undefined : await run.ceiling?.run(it.name);
    if (run.ceiling !== undefined && ceiling !== undefined) (figures[run.ceiling.name] ??= []).push(ceiling);
  }
  return figures;
}
