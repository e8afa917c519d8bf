/** What else is to be known about a setting by those who had it in llama_cpp.server. */
export const notes: Readonly<Partial<Record<string, string>>> = {
  api_key: "Refusals have OpenAI's error shape.",
  chat_format: "System messages are part of the prompt in every format.",
  disable_ping_events: "Pings are comments of the event stream.",
  embedding: "Embeddings are answered without it too.",
  interrupt_requests:
    "There a stream just stopped; here it ends with a finish_reason and its usage. With n_slots above 1 requests need not wait for each other.",
  last_n_tokens_size: "A request's repeat_last_n takes precedence.",
  model: "Models stay in memory side by side; there, one was loaded at a time.",
  n_ctx: "Each of the requests that run at once has so many tokens.",
  root_path: "There it was only written into the API's description.",
};

/** Top-level settings to add, for what that server did and could not be told otherwise. */
export const additions: Readonly<Record<string, { readonly value: unknown; readonly about: string }>> = {
  unknown_model: {
    value: "default",
    about: "Requests for unknown models went to the first one. Without this line they get a 404 that lists the models.",
  },
  cors_origins: {
    value: ["*"],
    about: "Pages of every origin could call. Without this line browsers may call from your own origin only.",
  },
};

/** Differences that no setting undoes. */
export const differences: readonly string[] = [
  "Up to n_slots requests of a model run at once, each with n_ctx tokens; there it was one at a time. n_slots: 1 needs as little memory as before.",
  "Several models are in memory at once, as many as fit; there it was one, and another name swapped it.",
  "Relative paths start at the config file's folder; there it was the working directory.",
  "Requests that do not set repeat_penalty get 1 (off); there it was 1.1. The other sampling defaults are the same.",
  "Embeddings have length 1 and are one vector per input, whatever the model; there they were as the model made them.",
  "Errors have OpenAI's shape and status everywhere, before and within streams.",
  "gRPC listens too: see grpc_host and grpc_port.",
];
