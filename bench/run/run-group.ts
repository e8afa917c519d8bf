import type { LoadGenerator } from "../load/load-generator.ts";
import { seededRandom } from "../measure/statistics.ts";
import { runningServer } from "../servers/running-server.ts";
import type { Server, ServerSpec } from "../servers/server.ts";
import type { BenchOptions } from "./options.ts";
import type { CaseResult } from "./result.ts";
import type { Case, Contender, Figures, Group } from "./scenario.ts";

export interface GroupRun {
  readonly load: LoadGenerator;
  readonly options: BenchOptions;
  /** Undefined: there is no such server here. */
  readonly start: (spec: ServerSpec) => Promise<Server | undefined>;
  /** By performance.now(): no round begins after it. */
  readonly deadline: number;
}

/** Measures the cases of a group, one after the other, over the servers that it starts for them. */
export async function* runGroup(
  group: Group,
  { load, options, start, deadline }: GroupRun,
): AsyncGenerator<CaseResult, void, void> {
  const cases = group.cases.filter(({ name }) => name.includes(options.only ?? ""));
  if (cases.length === 0 || performance.now() > deadline) return;
  const servers: Server[] = [];
  const endBackground = group.background?.();
  try {
    for (const spec of group.servers) {
      const server = await start(spec);
      if (server !== undefined) servers.push(server);
    }
    // Where no server is asked for, none is measured.
    if (servers.length > 0) for (const peer of options.peers) servers.push(await runningServer(peer));
    for (const [index, it] of cases.entries()) {
      if (performance.now() > deadline) return;
      const rounds = Math.min(options.rounds, it.maxRounds ?? Infinity);
      const turns = [
        ...servers.map((server) =>
          serverTurn(it, {
            server,
            load,
            warmUps: Math.min(options.warmUps, index === 0 ? (it.maxWarmUps ?? Infinity) : 1),
          }),
        ),
        ...(group.contenders ?? []).map((contender) => contenderTurn(it, contender)),
      ];
      yield { case: it.name, goals: it.goals ?? [], rounds: await runRounds(turns, { ...options, rounds, deadline }) };
    }
  } finally {
    endBackground?.();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** What has its turn in each round. */
interface Turn {
  readonly name: string;
  readonly warmUps: number;
  run(random: () => number): Promise<Figures>;
}

function serverTurn(
  { name, run }: Case,
  { server, load, warmUps }: { readonly server: Server; readonly load: LoadGenerator; readonly warmUps: number },
): Turn {
  const { host, port } = server;
  return {
    name: server.name,
    warmUps,
    run: async (random) => {
      try {
        return (await run?.({ server, send: (flows) => load.run({ host, port, flows }), random })) ?? {};
      } catch (error) {
        throw new Error(`${server.name}, ${name}: its log ends with\n${server.log()}`, { cause: error });
      }
    },
  };
}

function contenderTurn({ name }: Case, contender: Contender): Turn {
  return { name: contender.name, warmUps: contender.warmUps, run: () => contender.run(name) };
}

/** The order of turns changes from round to round, since what came before may still be felt. */
async function runRounds(
  turns: readonly Turn[],
  { rounds, warmUps, seed, deadline }: Pick<BenchOptions, "rounds" | "warmUps" | "seed"> & Pick<GroupRun, "deadline">,
): Promise<Record<string, Figures[]>> {
  const figures: Record<string, Figures[]> = Object.fromEntries(turns.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    if (round > 0 && performance.now() > deadline) break;
    const first = Math.abs(round) % Math.max(1, turns.length);
    for (const turn of [...turns.slice(first), ...turns.slice(0, first)]) {
      if (round < -turn.warmUps) continue;
      const measured = await turn.run(seededRandom(seed + round * 7919));
      if (round >= 0) figures[turn.name]?.push(measured);
    }
  }
  return figures;
}
