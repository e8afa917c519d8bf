import { tokenize } from "./lexer.ts";
import { findNames } from "./find-names.ts";
import type { Expression, FilterExpression, MacroBody, Statement, Target } from "./nodes.ts";
import { isTupleEnd, parseExpression, parseFilter, parsePrimary, parseTuple } from "./parse-expression.ts";
import { TokenStream } from "./token-stream.ts";

/** Parses a chat template: Jinja2 with loop controls and Transformers' generation blocks. Throws a syntax error. */
export function parseTemplate(source: string): readonly Statement[] {
  const parser = new Parser(new TokenStream(tokenize(source)));
  return parser.template();
}

class Parser {
  readonly #stream: TokenStream;
  /** How many loops of this template or macro are open. */
  #loops = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  template(): Statement[] {
    const body = this.#statements([]);
    if (!this.#stream.is("eof")) throw this.#stream.unexpected("a statement");
    return body;
  }

  /** Statements up to a tag of one of these names, whose name is the current token then. */
  #statements(end: readonly string[]): Statement[] {
    const stream = this.#stream;
    const body: Statement[] = [];
    while (!stream.is("eof")) {
      const { type, value, line } = stream.next();
      if (type === "data") {
        body.push({ kind: "text", text: value, line });
      } else if (type === "variable_begin") {
        body.push({ kind: "print", value: parseTuple(stream), line });
        stream.expect("variable_end");
      } else {
        if (stream.isName(...end)) return body;
        body.push(...stream.nested(() => this.#statement()));
        stream.expect("block_end");
      }
    }
    if (end.length > 0) throw stream.fault(`a tag is not closed: expected ${end.join(" or ")}`);
    return body;
  }

  /** The statements behind the end of a tag. */
  #body(...end: readonly string[]): Statement[] {
    this.#stream.skipOperator(":");
    this.#stream.expect("block_end");
    return this.#statements(end);
  }

  #statement(): Statement[] {
    const stream = this.#stream;
    const { value: tag, line } = stream.expect("name");
    switch (tag) {
      case "for":
        return [{ ...this.#for(), line }];
      case "if":
        return [{ ...this.#if(), line }];
      case "set":
        return [{ ...this.#set(), line }];
      case "macro":
        return [{ kind: "macro", name: stream.expect("name").value, macro: this.#macro("endmacro"), line }];
      case "call":
        return [{ ...this.#callBlock(), line }];
      case "filter": {
        const filter = this.#filters(parseFilter(stream, undefined));
        return [{ kind: "filter block", filter, body: this.#closedBody("endfilter"), line }];
      }
      case "with":
        return [{ ...this.#with(), line }];
      case "print":
        return this.#print(line);
      case "break":
      case "continue":
        if (this.#loops === 0) throw stream.fault(`{% ${tag} %} stands outside of any loop`, line);
        return [{ kind: tag, line }];
      case "generation":
        return [{ kind: "scope", body: this.#closedBody("endgeneration"), line }];
      case "block":
        return [{ kind: "scope", body: this.#block(), line }];
      default:
        throw stream.fault(`chat templates have no tag "${tag}"`, line);
    }
  }

  #closedBody(end: string): Statement[] {
    const body = this.#body(end);
    this.#stream.next();
    return body;
  }

  #for(): Omit<Extract<Statement, { kind: "for" }>, "line"> {
    const stream = this.#stream;
    const target = this.#target(["in"]);
    stream.expectName("in");
    const iterable = parseTuple(stream, { conditional: false, end: ["recursive"] });
    const condition = stream.skipName("if") ? parseExpression(stream) : undefined;
    const recursive = stream.skipName("recursive");
    this.#loops++;
    const body = this.#body("endfor", "else");
    this.#loops--;
    const otherwise = stream.next().value === "else" ? this.#closedBody("endfor") : [];
    return { kind: "for", target, iterable, condition, recursive, body, otherwise };
  }

  #if(): Omit<Extract<Statement, { kind: "if" }>, "line"> {
    const stream = this.#stream;
    const branches: { test: Expression; body: readonly Statement[] }[] = [];
    for (;;) {
      const test = parseTuple(stream, { conditional: false });
      branches.push({ test, body: this.#body("elif", "else", "endif") });
      const end = stream.next().value;
      if (end === "elif") continue;
      return { kind: "if", branches, otherwise: end === "else" ? this.#closedBody("endif") : [] };
    }
  }

  #set() {
    const stream = this.#stream;
    const target = this.#target([], true);
    if (stream.skipOperator("=")) return { kind: "set" as const, target, value: parseTuple(stream) };
    const filter = stream.skipOperator("|") ? this.#filters(parseFilter(stream, undefined)) : undefined;
    return { kind: "set block" as const, target, filter, body: this.#closedBody("endset") };
  }

  /** The filters behind a first one. */
  #filters(first: FilterExpression): FilterExpression {
    let filter = first;
    while (this.#stream.skipOperator("|")) filter = parseFilter(this.#stream, filter);
    return filter;
  }

  #macro(end: string): MacroBody {
    const parameters = this.#stream.isOperator("(") ? this.#parameters() : [];
    return this.#macroBody(parameters, end);
  }

  #macroBody(parameters: MacroBody["parameters"], end: string): MacroBody {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#closedBody(end);
    this.#loops = loops;
    return { parameters, body, uses: findNames(body, ["caller", "kwargs", "varargs"]) };
  }

  #parameters(): MacroBody["parameters"] {
    const stream = this.#stream;
    const parameters: { name: string; fallback: Expression | undefined }[] = [];
    stream.expectOperator("(");
    while (!stream.isOperator(")")) {
      if (parameters.length > 0) stream.expectOperator(",");
      const name = stream.expect("name").value;
      const fallback = stream.skipOperator("=") ? parseExpression(stream) : undefined;
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
        throw stream.fault("a parameter without a default stands behind one with a default");
      }
      parameters.push({ name, fallback });
    }
    stream.expectOperator(")");
    return parameters;
  }

  #callBlock() {
    const stream = this.#stream;
    const parameters = stream.isOperator("(") ? this.#parameters() : [];
    const call = parseExpression(stream);
    if (call.kind !== "call") throw stream.fault("{% call %} needs a call", call.line);
    return { kind: "call block" as const, call, caller: this.#macroBody(parameters, "endcall") };
  }

  #with() {
    const stream = this.#stream;
    const assignments: { target: Target; value: Expression }[] = [];
    while (!stream.is("block_end")) {
      if (assignments.length > 0) stream.expectOperator(",");
      const target = this.#target();
      stream.expectOperator("=");
      assignments.push({ target, value: parseExpression(stream) });
    }
    return { kind: "with" as const, assignments, body: this.#closedBody("endwith") };
  }

  #print(line: number): Statement[] {
    const stream = this.#stream;
    const printed: Statement[] = [];
    while (!stream.is("block_end")) {
      if (printed.length > 0) stream.expectOperator(",");
      printed.push({ kind: "print", value: parseExpression(stream), line });
    }
    return printed;
  }

  #block(): Statement[] {
    const stream = this.#stream;
    const name = stream.expect("name").value;
    stream.skipName("scoped");
    const body = this.#closedBody("endblock");
    stream.skipName(name);
    return body;
  }

  #target(end: readonly string[] = [], members = false): Target {
    const stream = this.#stream;
    const items: Target[] = [];
    let isTuple = false;
    while (!isTupleEnd(stream, end) && !stream.isOperator("=")) {
      items.push(this.#singleTarget(members));
      if (!stream.skipOperator(",")) break;
      isTuple = true;
    }
    const [only] = items;
    if (only === undefined) throw stream.unexpected("a name to assign to");
    return isTuple ? { kind: "targets", items } : only;
  }

  #singleTarget(members: boolean): Target {
    const stream = this.#stream;
    if (members && stream.is("name") && stream.nextIs("operator", ".")) {
      const namespace = stream.next().value;
      stream.next();
      return { kind: "member", namespace, name: stream.expect("name").value };
    }
    return this.#asTarget(parsePrimary(stream));
  }

  #asTarget(expression: Expression): Target {
    if (expression.kind === "name") return { kind: "name", name: expression.name };
    if (expression.kind === "tuple") {
      return { kind: "targets", items: expression.items.map((item) => this.#asTarget(item)) };
    }
    throw this.#stream.fault("this cannot be assigned to", expression.line);
  }
}
