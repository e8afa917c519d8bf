/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process: the one place where the configuration reads it. */
export function readEnvironment(): Environment {
  return process.env;
}
