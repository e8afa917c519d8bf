import { parseInteger } from "../values/format/number-text.ts";
import type { Arguments, BinaryOperator, CompareOperator, Expression, FilterExpression } from "./nodes.ts";
import type { TokenStream } from "./token-stream.ts";

/** Parses an expression, the loosest operator (`… if … else …`) first. */
export function parseExpression(stream: TokenStream): Expression {
  return stream.nested(() => {
    let expression = parseOr(stream);
    while (stream.isName("if")) {
      const { line } = stream.next();
      const test = parseOr(stream);
      const otherwise = stream.skipName("else") ? parseExpression(stream) : undefined;
      expression = { kind: "conditional", test, value: expression, otherwise, line };
    }
    return expression;
  });
}

/** An expression, or a tuple of several with commas between them. `conditional`: whether `if` belongs to it. */
export function parseTuple(
  stream: TokenStream,
  { conditional = true, end = [] }: { readonly conditional?: boolean; readonly end?: readonly string[] } = {},
): Expression {
  const { line } = stream.current;
  const items: Expression[] = [];
  let isTuple = false;
  while (!isTupleEnd(stream, end)) {
    items.push(conditional ? parseExpression(stream) : parseOr(stream));
    if (!stream.skipOperator(",")) break;
    isTuple = true;
  }
  const [only] = items;
  if (only !== undefined && !isTuple) return only;
  if (!isTuple && !stream.isOperator(")")) throw stream.unexpected("an expression");
  return { kind: "tuple", items, line };
}

export function isTupleEnd(stream: TokenStream, end: readonly string[]): boolean {
  return stream.is("variable_end") || stream.is("block_end") || stream.isOperator(")") || stream.isName(...end);
}

function parseOr(stream: TokenStream): Expression {
  let left = parseAnd(stream);
  while (stream.isName("or")) {
    const { line } = stream.next();
    left = { kind: "or", left, right: parseAnd(stream), line };
  }
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  let left = parseNot(stream);
  while (stream.isName("and")) {
    const { line } = stream.next();
    left = { kind: "and", left, right: parseNot(stream), line };
  }
  return left;
}

function parseNot(stream: TokenStream): Expression {
  if (!stream.isName("not")) return parseCompare(stream);
  const { line } = stream.next();
  return stream.nested(() => ({ kind: "not", value: parseNot(stream), line }));
}

const comparisons = new Set<string>(["==", "!=", "<", "<=", ">", ">="] satisfies CompareOperator[]);

function parseCompare(stream: TokenStream): Expression {
  const first = parseSum(stream);
  const rest: { operator: CompareOperator; right: Expression }[] = [];
  for (;;) {
    if (stream.is("operator") && comparisons.has(stream.current.value)) {
      const operator = stream.next().value as CompareOperator;
      rest.push({ operator, right: parseSum(stream) });
    } else if (stream.skipName("in")) {
      rest.push({ operator: "in", right: parseSum(stream) });
    } else if (stream.isName("not") && stream.nextIs("name", "in")) {
      stream.next();
      stream.next();
      rest.push({ operator: "not in", right: parseSum(stream) });
    } else {
      break;
    }
  }
  return rest.length === 0 ? first : { kind: "compare", first, rest, line: first.line };
}

function parseSum(stream: TokenStream): Expression {
  return parseBinary(stream, ["+", "-"], parseConcat);
}

function parseConcat(stream: TokenStream): Expression {
  const first = parseProduct(stream);
  const parts = [first];
  while (stream.skipOperator("~")) parts.push(parseProduct(stream));
  return parts.length === 1 ? first : { kind: "concat", parts, line: first.line };
}

function parseProduct(stream: TokenStream): Expression {
  return parseBinary(stream, ["*", "/", "//", "%"], parsePower);
}

// Jinja's power groups to the left, unlike Python's.
function parsePower(stream: TokenStream): Expression {
  return parseBinary(stream, ["**"], (it) => parseUnary(it, true));
}

function parseBinary(
  stream: TokenStream,
  operators: readonly BinaryOperator[],
  parseOperand: (stream: TokenStream) => Expression,
): Expression {
  let left = parseOperand(stream);
  while (stream.isOperator(...operators)) {
    const { value, line } = stream.next();
    left = { kind: "binary", operator: value as BinaryOperator, left, right: parseOperand(stream), line };
  }
  return left;
}

function parseUnary(stream: TokenStream, filtered: boolean): Expression {
  const { line } = stream.current;
  let node: Expression;
  if (stream.skipOperator("-")) node = stream.nested(() => negated("negative"));
  else if (stream.skipOperator("+")) node = stream.nested(() => negated("positive"));
  else node = parsePrimary(stream);
  node = parsePostfix(stream, node);
  return filtered ? parseFiltersAndTests(stream, node) : node;

  function negated(kind: "negative" | "positive"): Expression {
    return { kind, value: parseUnary(stream, false), line };
  }
}

const constants: Readonly<Record<string, null | boolean>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
};

/** A name, a literal, or an expression in brackets. */
export function parsePrimary(stream: TokenStream): Expression {
  const { type, value, line } = stream.current;
  switch (type) {
    case "name":
      stream.next();
      return Object.hasOwn(constants, value)
        ? { kind: "constant", value: constants[value] ?? null, line }
        : { kind: "name", name: value, line };
    case "string": {
      let text = "";
      while (stream.is("string")) text += stream.next().value;
      return { kind: "constant", value: text, line };
    }
    case "integer":
      stream.next();
      return { kind: "constant", value: parseInteger(value.replaceAll("_", "")), line };
    case "float":
      stream.next();
      return { kind: "constant", value: Number(value.replaceAll("_", "")), line };
    default:
      if (stream.skipOperator("(")) return stream.nested(() => parseParenthesized(stream));
      if (stream.skipOperator("[")) return { kind: "list", items: parseItems(stream, "]", parseExpression), line };
      if (stream.skipOperator("{")) return { kind: "dict", items: parseItems(stream, "}", parsePair), line };
      throw stream.unexpected("an expression");
  }
}

function parseParenthesized(stream: TokenStream): Expression {
  const expression = parseTuple(stream);
  stream.expectOperator(")");
  return expression;
}

function parseItems<T>(stream: TokenStream, close: string, parseItem: (stream: TokenStream) => T): T[] {
  const items: T[] = [];
  while (!stream.isOperator(close)) {
    if (items.length > 0) stream.expectOperator(",");
    if (stream.isOperator(close)) break;
    items.push(parseItem(stream));
  }
  stream.expectOperator(close);
  return items;
}

function parsePair(stream: TokenStream): readonly [Expression, Expression] {
  const key = parseExpression(stream);
  stream.expectOperator(":");
  return [key, parseExpression(stream)];
}

/** Members, items and calls behind an expression. */
export function parsePostfix(stream: TokenStream, node: Expression): Expression {
  let object = node;
  for (;;) {
    const { line } = stream.current;
    if (stream.skipOperator(".")) {
      if (stream.is("integer")) {
        const key: Expression = { kind: "constant", value: parseInteger(stream.next().value), line };
        object = { kind: "item", object, key, line };
      } else {
        object = { kind: "attribute", object, name: stream.expect("name").value, line };
      }
    } else if (stream.skipOperator("[")) {
      object = { kind: "item", object, key: parseKey(stream), line };
    } else if (stream.isOperator("(")) {
      object = { kind: "call", callee: object, args: parseArguments(stream), line };
    } else {
      return object;
    }
  }
}

function parseKey(stream: TokenStream): Expression {
  const { line } = stream.current;
  const keys: Expression[] = [];
  while (!stream.isOperator("]")) {
    if (keys.length > 0) stream.expectOperator(",");
    keys.push(parseSlice(stream));
  }
  stream.expectOperator("]");
  const [only] = keys;
  return only !== undefined && keys.length === 1 ? only : { kind: "tuple", items: keys, line };
}

function parseSlice(stream: TokenStream): Expression {
  const { line } = stream.current;
  const start = stream.isOperator(":") ? undefined : parseExpression(stream);
  if (!stream.skipOperator(":")) return start ?? parseExpression(stream);
  const bound = () => (stream.isOperator(":", "]", ",") ? undefined : parseExpression(stream));
  const stop = bound();
  const step = stream.skipOperator(":") ? bound() : undefined;
  return { kind: "slice", start, stop, step, line };
}

/** The arguments of a call, in parentheses. */
export function parseArguments(stream: TokenStream): Arguments {
  const positional: Expression[] = [];
  const named: { name: string; value: Expression }[] = [];
  let spread: Expression | undefined;
  let spreadNamed: Expression | undefined;
  stream.expectOperator("(");
  while (!stream.isOperator(")")) {
    if (spreadNamed !== undefined) throw stream.fault("nothing can stand behind ** in a call");
    if (stream.skipOperator("*")) spread = parseExpression(stream);
    else if (stream.skipOperator("**")) spreadNamed = parseExpression(stream);
    else if (stream.is("name") && stream.nextIs("operator", "=")) {
      const name = stream.next().value;
      stream.next();
      named.push({ name, value: parseExpression(stream) });
    } else {
      if (named.length > 0 || spread !== undefined) throw stream.fault("arguments by place stand before those by name");
      positional.push(parseExpression(stream));
    }
    if (!stream.isOperator(")")) stream.expectOperator(",");
  }
  stream.expectOperator(")");
  return { positional, named, spread, spreadNamed };
}

function parseFiltersAndTests(stream: TokenStream, node: Expression): Expression {
  let value = node;
  for (;;) {
    if (stream.skipOperator("|")) value = parseFilter(stream, value);
    else if (stream.isName("is")) value = parseTest(stream, value);
    else if (stream.isOperator("(")) {
      const { line } = stream.current;
      value = { kind: "call", callee: value, args: parseArguments(stream), line };
    } else return value;
  }
}

const noArguments: Arguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined };

/** One filter, the "|" before it already read. */
export function parseFilter(stream: TokenStream, value: Expression | undefined): FilterExpression {
  const { line } = stream.current;
  const name = parseDottedName(stream);
  const args = stream.isOperator("(") ? parseArguments(stream) : noArguments;
  return { kind: "filter", value, name, args, line };
}

function parseTest(stream: TokenStream, value: Expression): Expression {
  const { line } = stream.expectName("is");
  const negated = stream.skipName("not");
  const name = parseDottedName(stream);
  const test: Expression = { kind: "test", value, name, args: parseTestArguments(stream), line };
  return negated ? { kind: "not", value: test, line } : test;
}

function parseTestArguments(stream: TokenStream): Arguments {
  if (stream.isOperator("(")) return parseArguments(stream);
  const isValue = ["name", "string", "integer", "float"].includes(stream.current.type) || stream.isOperator("[", "{");
  if (!isValue || stream.isName("else", "or", "and")) return noArguments;
  if (stream.isName("is")) throw stream.fault("tests cannot be chained with is");
  return { ...noArguments, positional: [parsePostfix(stream, parsePrimary(stream))] };
}

function parseDottedName(stream: TokenStream): string {
  let name = stream.expect("name").value;
  while (stream.skipOperator(".")) name += `.${stream.expect("name").value}`;
  return name;
}
