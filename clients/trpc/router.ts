import { initTRPC } from "@trpc/server";
import { ErrorReason, RpcError } from "../errors.ts";
import type { TrpcContext } from "./context.ts";
import { describeTrpcError, trpcErrorFrom } from "./errors.ts";
import {
  chatEventFromProto,
  deviceFromProto,
  embeddingsFromProto,
  modelFromProto,
  pullProgressFromProto,
} from "./from-proto.ts";
import { chatInput, embedInput, modelInput, pullInput, unloadInput } from "./inputs.ts";
import { chatToProto, embedToProto, pullToProto } from "./to-proto.ts";

const trpc = initTRPC.context<TrpcContext>().create({
  // Else stacks are sent wherever NODE_ENV is not "production".
  isDev: false,
  errorFormatter({ shape, error }) {
    const { message, data } = describeTrpcError(error);
    const { code, httpStatus, path } = shape.data;
    return { ...shape, message, data: { code, httpStatus, path, ...data } };
  },
});

const { procedure } = trpc;

/** What frontends can call. Errors carry `data.reason`, and `param` and `retryAfterMs` where they apply. */
export const appRouter = trpc.router({
  models: trpc.router({
    /** The configured models, the default one first. */
    list: procedure.query(({ ctx, signal }) =>
      explained(async () => {
        const { models } = await ctx.client.models.listModels({}, { signal, metadata: ctx.metadata });
        return models.map(modelFromProto);
      }),
    ),
    /** Where models can be, and how much of it they take. */
    devices: procedure.query(({ ctx, signal }) =>
      explained(async () => {
        const { devices } = await ctx.client.models.listModels({}, { signal, metadata: ctx.metadata });
        return devices.map(deviceFromProto);
      }),
    ),
    /** Brings a model into memory; streams its changes until it is there. Leaving gives the load up. */
    load: procedure.input(modelInput).mutation(({ ctx, input, signal }) =>
      explainedStream(async function* () {
        for await (const { model } of ctx.client.models.loadModel(input, { signal, metadata: ctx.metadata })) {
          if (model) yield modelFromProto(model);
        }
      }),
    ),
    /** Takes a model out of memory once its answers have ended. */
    unload: procedure.input(unloadInput).mutation(({ ctx, input, signal }) =>
      explained(async () => {
        const request = { id: input.id, force: input.force ?? false };
        await ctx.client.models.unloadModel(request, { signal, metadata: ctx.metadata });
      }),
    ),
    /** Downloads a model; streams how far it is. Leaving stops the download, and a later pull goes on from there. */
    pull: procedure.input(pullInput).mutation(({ ctx, input, signal }) =>
      explainedStream(async function* () {
        const progress = ctx.client.models.pullModel(pullToProto(input), { signal, metadata: ctx.metadata });
        for await (const message of progress) yield pullProgressFromProto(message);
      }),
    ),
    /** Deletes a model that was pulled, and its files. */
    delete: procedure.input(modelInput).mutation(({ ctx, input, signal }) =>
      explained(async () => {
        await ctx.client.models.deleteModel(input, { signal, metadata: ctx.metadata });
      }),
    ),
    /** The models as they are, then each change of one. */
    watch: procedure.subscription(({ ctx, signal }) =>
      explainedStream(async function* () {
        for await (const { model } of ctx.client.models.watchModels({}, { signal, metadata: ctx.metadata })) {
          if (model) yield modelFromProto(model);
        }
        // An end would be final for the frontend; after this error it comes back, to the next server.
        throw new RpcError(ErrorReason.SHUTTING_DOWN, "the server is shutting down");
      }),
    ),
  }),
  /**
   * Generates. A mutation, not a subscription: those put their input into the URL and run again after an error.
   * Leaving the iteration stops the generation.
   */
  chat: procedure.input(chatInput).mutation(({ ctx, input, signal }) =>
    explainedStream(async function* () {
      const events = ctx.client.inference.chat(chatToProto(input), { signal, metadata: ctx.metadata });
      for await (const response of events) {
        const event = chatEventFromProto(response);
        if (event) yield event;
      }
    }),
  ),
  embed: procedure.input(embedInput).mutation(({ ctx, input, signal }) =>
    explained(async () => {
      const response = await ctx.client.inference.embed(embedToProto(input), { signal, metadata: ctx.metadata });
      return embeddingsFromProto(response);
    }),
  ),
});

export type AppRouter = typeof appRouter;

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw trpcErrorFrom(error);
  }
}

async function* explainedStream<T>(work: () => AsyncGenerator<T>): AsyncGenerator<T, void> {
  try {
    yield* work();
  } catch (error) {
    throw trpcErrorFrom(error);
  }
}
