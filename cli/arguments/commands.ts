/** One flag of a command. */
export interface CommandOption {
  /** What stands for its value in the help; unset: it is a switch. */
  readonly value?: string;
  readonly about: string;
  /** It may be given several times. */
  readonly list?: true;
}

/** What a command is called with, as its parser, the help and the completion of shells know it. */
export interface CommandSpec {
  /** What follows the command's name. */
  readonly usage: string;
  /** One line, for the list of all. */
  readonly about: string;
  /** Sentences for `tokenwire help COMMAND`. */
  readonly more?: string;
  /** How many words stand beside the flags, at least and at most. */
  readonly operands: readonly [min: number, max: number];
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Every setting of the server is a flag, too. */
  readonly settings?: true;
}

const server: CommandSpec["options"] = {
  address: { value: "HOST:PORT", about: "Where the server's gRPC listens; TOKENWIRE_ADDRESS, or 127.0.0.1:50051." },
  api_key: { value: "KEY", about: "The server's key; TOKENWIRE_API_KEY." },
  tls: { about: "Encrypt, trusting the system's authorities." },
  ca_certfile: { value: "FILE", about: "Encrypt, trusting the authorities of this PEM file." },
};

const json: CommandSpec["options"] = { json: { about: "Write JSON, for scripts." } };

const generation: CommandSpec["options"] = {
  system: { value: "TEXT", about: "System prompt." },
  temperature: { value: "N", about: "0 always picks the most likely token." },
  top_p: { value: "N", about: "From 0 to 1: sample from the most likely tokens that together have this probability." },
  max_tokens: { value: "N", about: "Longest answer." },
  seed: { value: "N", about: "The same seed gives the same answer." },
};

const model: Omit<CommandSpec, "about"> = { usage: "MODEL", operands: [1, 1], options: { ...server, ...json } };

const table = {
  serve: {
    usage: "[--SETTING VALUE]",
    about: "Serve models over REST, gRPC and tRPC; what tokenwire does without a command",
    operands: [0, 0],
    options: {},
    settings: true,
  },
  service: {
    usage: "[--SETTING VALUE]",
    about: "Serve models over gRPC alone",
    more: "tokenwire shim is the REST face in front of it, on this host or another.",
    operands: [0, 0],
    options: {},
    settings: true,
  },
  shim: {
    usage: "--grpc_address HOST:PORT [--SETTING VALUE]",
    about: "Serve REST and tRPC in front of a tokenwire service",
    more: "tokenwire shim --help lists its settings. It reads no config file.",
    operands: [0, 0],
    options: {},
  },
  chat: {
    usage: "[MODEL]",
    about: "Chat with a model of a running server",
    more:
      "Without MODEL the server's first model answers. Ctrl+C stops a running answer; pressed again, it quits. A message" +
      ' of several lines begins with """ and ends with """.\n/help lists what can be typed beside messages.',
    operands: [0, 1],
    options: { ...generation, ...server },
  },
  run: {
    usage: "MODEL [PROMPT]",
    about: "Write one answer of a running server's model to stdout",
    more:
      'Text that is piped in follows the prompt, or is the prompt: git diff | tokenwire run my-model "Review this change."\n' +
      "Exits with 1 and a sentence when there is no answer. Write -- before a prompt that begins with -.",
    operands: [1, 2],
    options: {
      ...generation,
      file: {
        value: "FILE",
        about: "A file for the model before the prompt: a text, or a picture or sound, by its name.",
        list: true,
      },
      ...server,
      ...json,
    },
  },
  bench: {
    usage: "[MODEL]",
    about: "Measure how fast a running server is, for 1 and 8 users at once",
    more: "Each user has its own prompt, and the prompt cache is not used. Other requests on the server slow it down.",
    operands: [0, 1],
    options: {
      users: { value: "N,N", about: "Numbers of users at once, measured one after the other (default 1,8)." },
      prompt_tokens: { value: "N", about: "Length of each prompt (default 256)." },
      max_tokens: { value: "N", about: "Length of each answer (default 64)." },
      ...server,
      ...json,
    },
  },
  ps: {
    usage: "",
    about: "Show what is in a running server's memory",
    operands: [0, 0],
    options: { ...server, ...json },
  },
  models: {
    usage: "",
    about: "List the models that a running server serves",
    operands: [0, 0],
    options: { ...server, ...json },
  },
  show: { ...model, about: "Show everything about one model of a running server" },
  load: { ...model, about: "Bring a model into memory" },
  unload: {
    ...model,
    about: "Take a model out of memory",
    options: { force: { about: "Cut off running answers instead of waiting for them." }, ...model.options },
  },
  pull: {
    usage: "REPOSITORY[:PATTERN] | URL",
    about: "Download a model into a running server",
    operands: [1, 1],
    options: {
      file: { value: "PATTERN", about: "Which file of the repository." },
      id: { value: "NAME", about: "Name for the model." },
      sha256: { value: "HEX", about: "Expected SHA-256 of the file." },
      ...server,
      ...json,
    },
  },
  rm: { ...model, about: "Delete a model that was pulled, and its files" },
  fit: {
    usage: "[CONFIG_FILE] [--SETTING VALUE]",
    about: "Show which models would be in memory together, without loading them",
    operands: [0, 1],
    options: json,
    settings: true,
  },
  doctor: {
    usage: "[CONFIG_FILE] [--SETTING VALUE]",
    about: "Check this machine and the configuration, and say what to do",
    more: "Exits with 1 when something keeps the server from starting.",
    operands: [0, 1],
    options: json,
    settings: true,
  },
  "build-multimodal": {
    usage: "",
    about: "Compile what models need for pictures and sound, ahead of their first load",
    more:
      "llama.cpp's multimodal library does not come prebuilt. It is compiled once, with the machine's C++ compiler (apt install " +
      "g++ git), into ~/.cache/tokenwire/multimodal. A machine without a compiler can be given a copy of that folder.",
    operands: [0, 0],
    options: {
      package: { about: "Put it into the program's own folder (for container images) instead of the user's cache." },
      force: { about: "Build it again if it is there already." },
    },
  },
  migrate: {
    usage: "FILE [NEW_FILE]",
    about: "Turn a config of llama_cpp.server into one that does the same here",
    operands: [1, 2],
    options: {},
  },
  completion: {
    usage: "bash | zsh | fish",
    about: "Write a script that completes this command line in a shell",
    more: completionHelp(),
    operands: [1, 1],
    options: {},
  },
  help: { usage: "[COMMAND]", about: "Help for one command, or for all settings", operands: [0, 1], options: {} },
  version: { usage: "", about: "The version", operands: [0, 0], options: {} },
} satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof table;

/** Every command, in the order of the help. */
export const commands: Readonly<Record<CommandName, CommandSpec>> = table;

export const commandNames = Object.keys(table) as readonly CommandName[];

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(table, word);
}

function completionHelp(): string {
  return [
    'bash: eval "$(tokenwire completion bash)" in ~/.bashrc',
    "zsh:  tokenwire completion zsh > a file called _tokenwire in a folder of $fpath",
    "fish: tokenwire completion fish > ~/.config/fish/completions/tokenwire.fish",
  ].join("\n");
}
