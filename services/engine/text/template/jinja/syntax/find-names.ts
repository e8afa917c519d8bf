/** Which of these names the nodes read, within macros of their own too. */
export function findNames(nodes: unknown, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  visit(nodes);
  return found;

  function visit(node: unknown): void {
    if (typeof node !== "object" || node === null) return;
    if ("kind" in node && node.kind === "name" && "name" in node && names.includes(String(node.name))) {
      found.add(String(node.name));
    }
    for (const child of Object.values(node)) visit(child);
  }
}
