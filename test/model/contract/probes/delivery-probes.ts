import { expect } from "vitest";
import { chatPath, type ContractServer } from "../contract-server.ts";
import type { Probe } from "./probe.ts";

/** Fields that every endpoint with a model has, or that say how a generated answer travels. */
export function modelProbe(path: string, request: object, model = "tiny-guide"): Probe {
  return {
    field: "model",
    seen: "the name of a configured model; another one is a 404 that lists the names",
    async run(server) {
      expect((await server.send(path, { ...request, model })).status).toBe(200);
      const refusal = await server.send(path, { ...request, model: "gpt-99" });
      expect(refusal.status).toBe(404);
      const { error } = (await refusal.json()) as { error: { message: string } };
      expect(error.message).toContain(model);
    },
  };
}

export function deliveryProbes(path: string, request: object): readonly Probe[] {
  const stream = (server: ContractServer, fields: object) =>
    path === chatPath ? server.chatStream({ ...request, ...fields }) : server.completeStream({ ...request, ...fields });
  return [
    modelProbe(path, request),
    {
      field: "stream",
      seen: "server-sent events that end with [DONE], each in the SDK's shape",
      run: async (server) => expect((await stream(server, {})).length).toBeGreaterThan(2),
    },
    {
      field: "stream_options",
      seen: "include_usage: a last chunk with the usage; refused without stream",
      async run(server) {
        const chunks = await stream(server, { stream_options: { include_usage: true } });
        expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(1);
        const refusal = await server.refusal(path, { ...request, stream_options: { include_usage: true } });
        expect(refusal.param).toBe("stream_options");
      },
    },
  ];
}
