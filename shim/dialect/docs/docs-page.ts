import type { JsonSchema, OpenApiDocument, OpenApiOperation } from "./openapi.ts";

/** The OpenAPI document as one HTML page, without scripts. */
export function docsPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      operationSection(`${method.toUpperCase()} ${path}`, operation),
    ),
  );
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)} ${escape(version)}</title>
<style>${style}</style>
<h1>${escape(title)} ${escape(version)}</h1>
<p>${escape(description)}</p>
<p>Base URL for OpenAI clients: <code>${escape(document.servers[0]?.url ?? "")}/v1</code>. As a document: <code>openapi.json</code>.</p>
${operations.join("\n")}
</html>
`;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
code { font-family: ui-monospace, monospace; font-size: 0.92em }
summary { cursor: pointer; padding: 0.3rem 0 } table { border-collapse: collapse; margin: 0.5rem 0 1rem }
td { border-top: 1px solid #ddd; padding: 0.25rem 0.75rem 0.25rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd } td { border-color: #444 } }
`;

function operationSection(name: string, operation: OpenApiOperation): string {
  const schema = operation.requestBody?.content["application/json"].schema;
  const heading = `<code>${escape(name)}</code> ${escape(operation.summary)}`;
  if (schema === undefined) return `<p>${heading}</p>`;
  const rows = Object.entries(schema.properties ?? {}).map(([field, value]) =>
    fieldRow(field, value, schema.required?.includes(field) ?? false),
  );
  return `<details><summary>${heading}</summary>\n<table>\n${rows.join("\n")}\n</table></details>`;
}

function fieldRow(name: string, schema: JsonSchema | boolean, required: boolean): string {
  const { description = "" } = typeof schema === "object" ? schema : {};
  const type = `${describeType(schema)}${required ? ", required" : ""}`;
  return `<tr><td><code>${escape(name)}</code><td>${escape(type)}<td>${escape(description)}`;
}

/** A schema in a few words: `number 0 to 2`, `string or array`. Null is said once for all, at the top of the page. */
function describeType(schema: JsonSchema | boolean): string {
  if (typeof schema === "boolean") return "any";
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return unique(options.map(describeType)).join(" or ") || "nothing";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [schema.type ?? "any"].flat().filter((type) => type !== "null");
  const bounds = [schema.minimum ?? schema.exclusiveMinimum, schema.maximum];
  const range = bounds.some((bound) => bound !== undefined)
    ? ` ${bounds.map((bound) => bound ?? "").join(" to ")}`
    : "";
  return types.join(" or ") + range;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== "");
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
