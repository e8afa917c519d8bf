import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Answer, Flow, Outcome, Plan, PlannedRequest } from "./plan.ts";
import { AnswerReader, textOf } from "./read-answer.ts";

const placeholder = /@answer:(\d+)@/g;

/** Sends what a plan says, and resolves when all is answered. Rejects with the first answer that is not a 200. */
export async function runPlan({ host, port, flows }: Plan): Promise<Outcome> {
  const connections = flows.map(() => new Connection({ host, port }));
  const cpu = process.cpuUsage();
  const start = performance.now();
  const now = (): number => performance.now() - start;
  try {
    const answers = await Promise.all(
      flows.map((flow, index) => runFlow(flow, { index, connection: connections[index]!, now })),
    );
    const { user, system } = process.cpuUsage(cpu);
    return { answers: answers.flat(), elapsedMs: now(), generatorCpuMs: (user + system) / 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}

interface Way {
  readonly index: number;
  readonly connection: Connection;
  readonly now: () => number;
}

async function runFlow({ startMs = 0, requests }: Flow, way: Way): Promise<Answer[]> {
  const answers: Answer[] = [];
  const said: string[] = [];
  const keeps = requests.some(({ body }) => body.includes("@answer:"));
  if (startMs > 0) await sleep(startMs - way.now());
  for (const request of requests) {
    const body = keeps
      ? request.body.replace(placeholder, (_, of: string) => JSON.stringify(said[Number(of)] ?? "").slice(1, -1))
      : request.body;
    const reader = new AnswerReader(way.now, { whole: keeps });
    answers.push(await send({ ...request, body }, reader, way));
    if (keeps) said.push(textOf(reader.body));
  }
  return answers;
}

async function send(request: PlannedRequest, reader: AnswerReader, { index, connection, now }: Way): Promise<Answer> {
  const sentAt = now();
  const { status } = await connection.post(request, reader.push);
  if (status !== 200) throw new Error(`${request.path} answers ${status}: ${reader.body.slice(0, 500)}`);
  return reader.answer({ flow: index, label: request.label ?? "", sentAt, endAt: now() });
}
