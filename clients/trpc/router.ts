import { initTRPC } from "@trpc/server";
import { ErrorReason, RpcError } from "../errors.ts";
import type { TrpcContext } from "./context.ts";
import { describeTrpcError, trpcErrorFrom } from "./errors.ts";
import { chatEventFromProto, embeddingsFromProto, modelFromProto } from "./from-proto.ts";
import { chatInput, embedInput } from "./inputs.ts";
import { chatToProto, embedToProto } from "./to-proto.ts";

const trpc = initTRPC.context<TrpcContext>().create({
  // Else stacks are sent wherever NODE_ENV is not "production".
  isDev: false,
  errorFormatter({ shape, error }) {
    const { message, data } = describeTrpcError(error);
    const { code, httpStatus, path } = shape.data;
    return { ...shape, message, data: { code, httpStatus, path, ...data } };
  },
});

const procedure = trpc.procedure;

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
