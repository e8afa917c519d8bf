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
  /**
   * Members and items that it describes count as evaluated (`unevaluatedProperties`): false for what follows from a
   * schema that does not hold.
   */
  readonly annotates: boolean;
  /** What must not be, as far as keywords cannot say it. */
  readonly opposite: Opposite;
}

/** What is left of `not`. */
export interface Opposite {
  /** Values other than objects and arrays that are not allowed. */
  readonly values?: readonly unknown[];
  /** A pattern that strings must not match. */
  readonly pattern?: string;
  /** What numbers must not be a multiple of. */
  readonly multipleOf?: number | ExactNumber;
  /** A schema that must not hold. */
  readonly schema?: SchemaNode;
  /** Objects have a member, other than those excepted, whose name and value satisfy these. */
  readonly member?: OppositeMember;
}

export interface OppositeMember {
  readonly except: { readonly names: readonly string[]; readonly patterns: readonly string[] };
  readonly name?: SchemaNode;
  readonly value?: SchemaNode;
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
  /**
   * What a reference in the node's keyword `name` (`$ref` …) points to, or why that cannot be said: it is in another
   * document. Refused when it should be in this one and is not.
   */
  resolve(reference: string, from: SchemaNode, name: string): SchemaNode | string;
  /** A schema that `origin` implies; the same `tag` gives the same node again. */
  imply(origin: SchemaNode, tag: string, implied: Implied): SchemaNode;
}

export interface Implied {
  readonly keywords?: Readonly<Record<string, unknown>>;
  readonly opposite?: Opposite;
  readonly annotates?: boolean;
}

const noOpposite: Opposite = {};

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
  const draft = own(rootKeywords, "$schema");
  const isDraft4 = /draft-0?4/.test(String(draft));
  const saysOld = draft === undefined && own(rootKeywords, "definitions") && !own(rootKeywords, "$defs");
  const isOld = Boolean(saysOld) || /draft-0?[467]/.test(String(draft));
  const rootResource = createResource(rootKeywords, "", "json-schema:///");
  index(rootKeywords, "", rootResource, 0);
  const root = nodeAt(schema, "", rootResource);

  /** Draft 4 called it `id`, which is a property's name to all others. Up to draft 7 nothing counts beside `$ref`. */
  function idOf(keywords: Keywords): string | undefined {
    const id = keywords[isDraft4 ? "id" : "$id"];
    return typeof id === "string" && !(isOld && own(keywords, "$ref") !== undefined) ? id : undefined;
  }

  function createResource(keywords: Keywords, pointer: Pointer, base: string): Resource {
    const id = idOf(keywords);
    const uri = id === undefined ? base : (resolveUri(id, base) ?? base);
    const resource = { uri, root: keywords, pointer, anchors: new Map<string, Keywords>() };
    if (!resources.has(uri)) resources.set(uri, resource);
    return resource;
  }

  function index(keywords: Keywords, pointer: Pointer, parent: Resource, depth: number): void {
    if (depth > maxDepth) throw new SchemaRefusal(pointer, `nests schemas deeper than ${maxDepth} levels`);
    if (places.has(keywords)) return;
    const id = idOf(keywords);
    const resource =
      depth > 0 && id !== undefined && !id.startsWith("#") ? createResource(keywords, pointer, parent.uri) : parent;
    places.set(keywords, { pointer, resource });
    // Draft 6 and 7 wrote an anchor as `"$id": "#name"`.
    const anchor = id?.startsWith("#") === true ? id.slice(1) : keywords["$anchor"];
    if (typeof anchor === "string") resource.anchors.set(anchor, keywords);
    const dynamicAnchor = keywords["$dynamicAnchor"];
    if (typeof dynamicAnchor === "string") resource.anchors.set(dynamicAnchor, keywords);
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
      node = { id: ++lastId, keywords, ...place, implied: false, annotates: true, opposite: noOpposite };
      nodes.set(key, node);
    }
    return node;
  }

  function resolve(reference: string, from: SchemaNode, keyword: string): SchemaNode | string {
    const refuse = (): never => {
      throw new SchemaRefusal(pointerTo(from.pointer, keyword), `${shown(reference)} is not in the schema`);
    };
    const [uri = "", fragment = ""] = reference.split("#", 2);
    const resource = uri === "" ? from.resource : resources.get(resolveUri(uri, from.resource.uri) ?? "");
    if (!resource) return `${shown(reference)} is not in the schema: put what it means under $defs`;
    const isOpen = (each: Resource): boolean =>
      keyword === "$dynamicRef"
        ? each.anchors.get(fragment)?.["$dynamicAnchor"] === fragment
        : keyword === "$recursiveRef" && each.root["$recursiveAnchor"] === true;
    if (isOpen(resource) && [...resources.values()].some((each) => each !== resource && isOpen(each)))
      return `${shown(reference)} means another schema on each way that leads here: use $ref`;
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
    imply(origin, tag, { keywords = {}, opposite = noOpposite, annotates = false }) {
      const key = `${origin.id} ${tag}`;
      let node = nodes.get(key);
      if (!node) {
        const { pointer, resource } = origin;
        node = { id: ++lastId, keywords, pointer, resource, implied: true, annotates, opposite };
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

/** A property of the object itself: `toString` is not a keyword of every schema. */
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
