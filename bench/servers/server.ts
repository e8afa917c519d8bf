/** A server that is measured. */
export interface Server {
  /** What its figures are listed under. */
  readonly name: string;
  readonly kind: ServerKind;
  readonly host: string;
  readonly port: number;
  /** The id that requests ask for. */
  readonly model: string;
  /** How many tokens its vocabulary has. */
  readonly vocabulary: number;
  /** Undefined where the server was not started here. */
  readonly pid: number | undefined;
  /** The last that it wrote to its log. */
  log(): string;
  stop(): Promise<void>;
}

/** `running`: one that somebody else has started. */
export type ServerKind = "tokenwire" | "llama-server" | "running";

/** A server that a scenario asks for. */
export interface ServerSpec {
  readonly kind: "tokenwire" | "llama-server";
  /** Where several of a kind are compared. */
  readonly name?: string;
  readonly model: string;
  readonly slots: number;
  /** Tokens of one sequence. */
  readonly contextLength: number;
  /** Unset: Tokenwire chooses, llama-server takes all cores. */
  readonly threads?: number;
  /** For pictures and sounds. */
  readonly projector?: string;
  /** It is asked for vectors, not for text. */
  readonly embeds?: boolean;
}

export function urlOf({ host, port }: Pick<Server, "host" | "port">, path: string): string {
  return `http://${host}:${port}${path}`;
}
