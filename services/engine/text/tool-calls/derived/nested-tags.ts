import { pythonToJson } from "./python-literal.ts";

const tag = /<(\/?)([\w.-]+)>/g;

/**
 * The JSON of a value whose members are tags of their own (`<a>1</a><b><item>x</item></b>`); undefined: it is none.
 * Elements that are all called "item" are a list's.
 */
export function tagsToJson(text: string): string | undefined {
  const root = element("");
  const open = [root];
  let at = 0;
  for (const { 0: whole, 1: closing, 2: name = "", index } of text.matchAll(tag)) {
    const inner = open.at(-1);
    if (inner === undefined) return undefined;
    inner.text += text.slice(at, index);
    at = index + whole.length;
    if (closing === "") {
      const child = element(name);
      inner.children.push(child);
      open.push(child);
    } else if (inner.name !== name || open.pop() === undefined) {
      return undefined;
    }
  }
  const isWhole = open.length === 1 && root.children.length > 0 && text.slice(at).trim() === "";
  return isWhole && root.text.trim() === "" ? json(root) : undefined;
}

interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

function element(name: string): Element {
  return { name, children: [], text: "" };
}

function json({ children, text }: Element): string {
  if (children.length === 0) return pythonToJson(text.trim()) ?? JSON.stringify(text);
  if (children.every(({ name }) => name === "item")) return `[${children.map(json).join(", ")}]`;
  return `{${children.map((child) => `${JSON.stringify(child.name)}: ${json(child)}`).join(", ")}}`;
}
