import { ExactNumber } from "../../../../clients/json/exact-number.ts";
import { type Pointer, pointerTo, SchemaRefusal, shown } from "./refusal.ts";

/** One schema of a document: an object with keywords, with its place. `true` is `{}`, `false` allows no value. */
export interface SchemaNode {
  readonly id: number;
  readonly keywords: Readonly<Record<string, unknown>>;
  readonly pointer: Pointer;
  /** What `#` and relative references in it start from. */
  readonly resource: Resource;
  /** Follows from other schemas instead of being written: does not make an object closed. */
  readonly implied: boolean;
  /** Values that are not allowed: what is left of `not`. */
  readonly excluded: readonly unknown[] | undefined;
}

/** A schema with an identity: the whole document, or a part of it with an `$id`. */
export interface Resource {
  readonly uri: string;
  readonly root: Readonly<Record<string, unknown>>;
  readonly pointer: Pointer;
  readonly anchors: Map<string, Readonly<Record<string, unknown>>>;
}

export interface SchemaDocument {
  readonly root: SchemaNode;
  /** The schema at `path` below a node; refused when there is something else than a schema. */
  child(parent: SchemaNode, ...path: readonly (string | number)[]): SchemaNode;
  /** What the node's `$ref` points to; refused when it is not inside of the document. */
  resolve(reference: string, from: SchemaNode): SchemaNode;
  /** A schema that `origin` implies; the same `tag` gives the same node again. */
  imply(origin: SchemaNode, tag: string, implied: Implied): SchemaNode;
}

export interface Implied {
  readonly keywords?: Readonly<Record<string, unknown>>;
  readonly excluded?: readonly unknown[];
}

type Keywords = Readonly<Record<string, unknown>>;

const maxBytes = 256 * 1024;
const maxDepth = 64;
const schemaKeywords = [
  ..."additionalItems additionalProperties contains contentSchema else if items not propertyNames then".split(" "),
  ..."unevaluatedItems unevaluatedProperties".split(" "),
];
const listKeywords = "allOf anyOf oneOf prefixItems items".split(" ");
const mapKeywords = "$defs definitions dependencies dependentSchemas patternProperties properties".split(" ");
const never: Keywords = { enum: [] };

/** Checks size and depth of a schema, and finds the parts of it that references can name. Throws SchemaRefusal. */
export function parseSchemaDocument(schema: unknown): SchemaDocument {
  checkSize(schema);
  const places = new Map<Keywords, { pointer: Pointer; resource: Resource }>();
  const resources = new Map<string, Resource>();
  const nodes = new Map<string | Keywords, SchemaNode>();
  let lastId = 0;

  const rootKeywords = keywordsOf(schema, "");
  const rootResource = createResource(rootKeywords, "", "json-schema:///");
  index(rootKeywords, "", rootResource, 0);
  const root = nodeAt(schema, "", rootResource);

  function createResource(keywords: Keywords, pointer: Pointer, base: string): Resource {
    const uri = typeof keywords["$id"] === "string" ? (resolveUri(keywords["$id"], base) ?? base) : base;
    const resource = { uri, root: keywords, pointer, anchors: new Map<string, Keywords>() };
    if (!resources.has(uri)) resources.set(uri, resource);
    return resource;
  }

  function index(keywords: Keywords, pointer: Pointer, parent: Resource, depth: number): void {
    if (depth > maxDepth) throw new SchemaRefusal(pointer, `nests schemas deeper than ${maxDepth} levels`);
    if (places.has(keywords)) return;
    const id = keywords["$id"];
    const resource =
      depth > 0 && typeof id === "string" && !id.startsWith("#")
        ? createResource(keywords, pointer, parent.uri)
        : parent;
    places.set(keywords, { pointer, resource });
    // Draft 6 and 7 wrote an anchor as `"$id": "#name"`.
    const anchor = typeof id === "string" && id.startsWith("#") ? id.slice(1) : keywords["$anchor"];
    if (typeof anchor === "string") resource.anchors.set(anchor, keywords);
    const visit = (value: unknown, ...path: (string | number)[]): void => {
      if (isKeywords(value)) index(value, pointerTo(pointer, ...path), resource, depth + 1);
    };
    for (const name of schemaKeywords) visit(own(keywords, name), name);
    for (const name of listKeywords) {
      const list = own(keywords, name);
      if (Array.isArray(list)) list.forEach((each, i) => visit(each, name, i));
    }
    for (const name of mapKeywords) {
      const map = own(keywords, name);
      if (isKeywords(map)) for (const [key, each] of Object.entries(map)) visit(each, name, key);
    }
  }

  function nodeAt(value: unknown, pointer: Pointer, resource: Resource): SchemaNode {
    const keywords = keywordsOf(value, pointer);
    const key = typeof value === "boolean" ? pointer : keywords;
    let node = nodes.get(key);
    if (!node) {
      const place = places.get(keywords) ?? { pointer, resource };
      node = { id: ++lastId, keywords, ...place, implied: false, excluded: undefined };
      nodes.set(key, node);
    }
    return node;
  }

  function resolve(reference: string, from: SchemaNode): SchemaNode {
    const refuse = (): never => {
      const remedy = "only references into the schema itself work: put the target under $defs";
      throw new SchemaRefusal(pointerTo(from.pointer, "$ref"), `${shown(reference)} is not in the schema; ${remedy}`);
    };
    const [uri = "", fragment = ""] = reference.split("#", 2);
    const resource = uri === "" ? from.resource : resources.get(resolveUri(uri, from.resource.uri) ?? "");
    if (!resource) return refuse();
    const name = decode(fragment);
    if (name !== "" && !name.startsWith("/")) {
      const target = resource.anchors.get(name);
      return target ? nodeAt(target, resource.pointer, resource) : refuse();
    }
    let value: unknown = resource === rootResource ? schema : resource.root;
    let pointer = resource.pointer;
    for (const token of name.split("/").slice(1)) {
      const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
      value = isKeywords(value) || Array.isArray(value) ? own(value as Keywords, key) : undefined;
      pointer = pointerTo(pointer, key);
    }
    return value === undefined ? refuse() : nodeAt(value, pointer, resource);
  }

  return {
    root,
    resolve,
    child(parent, ...path) {
      let value: unknown = parent.keywords;
      for (const key of path) value = own(value as Keywords, String(key));
      return nodeAt(value, pointerTo(parent.pointer, ...path), parent.resource);
    },
    imply(origin, tag, { keywords = {}, excluded }) {
      const key = `${origin.id} ${tag}`;
      let node = nodes.get(key);
      if (!node) {
        node = { id: ++lastId, keywords, pointer: origin.pointer, resource: origin.resource, implied: true, excluded };
        nodes.set(key, node);
      }
      return node;
    },
  };
}

function checkSize(schema: unknown): void {
  let bytes: number;
  try {
    bytes = Buffer.byteLength(JSON.stringify(schema) ?? "");
  } catch (error) {
    throw new SchemaRefusal("", `is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (bytes > maxBytes) throw new SchemaRefusal("", `has ${bytes} bytes, and at most ${maxBytes} are accepted`);
}

function keywordsOf(value: unknown, pointer: Pointer): Keywords {
  if (value === true) return {};
  if (value === false) return never;
  if (isKeywords(value)) return value;
  throw new SchemaRefusal(pointer, `must be a schema (an object or a boolean), and is ${shown(value)}`);
}

export function isKeywords(value: unknown): value is Keywords {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** A property of the object itself: `toString` is no keyword of every schema. */
function own(object: Keywords, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function resolveUri(uri: string, base: string): string | undefined {
  const withoutFragment = uri.split("#", 1)[0] ?? "";
  return URL.canParse(withoutFragment, base) ? new URL(withoutFragment, base).href : undefined;
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
