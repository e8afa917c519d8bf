/** A tool as the client knows it. */
export interface OwnTool {
  readonly kind: "function" | "custom" | "local_shell";
  readonly name: string;
  readonly namespace: string | undefined;
}

export const shellName = "local_shell";

/** The one name by which the model calls a tool: those of a namespace carry its name in front. */
export function modelName(name: string, namespace: string | null | undefined): string {
  if (namespace == null || namespace === "") return name;
  return namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`;
}
