import type { Budget } from "../budget.ts";
import { runtimeError, type JinjaError } from "../jinja-error.ts";
import type { BinaryOperator } from "../syntax/nodes.ts";
import { asNumber } from "./compare.ts";
import { escapeHtml } from "./escape-html.ts";
import { asText, typeName, undefinedError } from "./facts.ts";
import { formatPercent } from "./format/format-percent.ts";
import { repeat } from "./repeat.ts";
import { Markup, Tuple, Undefined, type Value } from "./value.ts";

/** The value of `left operator right`, as Python has it. Throws for values that it does not take. */
export function binary(operator: BinaryOperator, operands: readonly [Value, Value], budget: Budget): Value {
  const [left, right] = operands;
  const numbers = [asNumber(left), asNumber(right)] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) {
    return arithmetic(operator, [numbers[0], numbers[1]]);
  }
  if (left instanceof Undefined) throw undefinedError(left);
  const text = asText(left);
  if (operator === "%" && text !== undefined) return sameKind(left, formatPercent(text, right, budget));
  if (right instanceof Undefined) throw undefinedError(right);
  const joined =
    operator === "+" ? add(left, right, budget) : operator === "*" ? repeatAny(left, right, budget) : undefined;
  if (joined !== undefined) return joined;
  throw unsupported(operator, left, right);
}

export function negative(value: Value): Value {
  const number = asNumber(value);
  if (value instanceof Undefined) throw undefinedError(value);
  if (number === undefined) throw runtimeError(`bad operand type for unary -: '${typeName(value)}'`);
  return -number;
}

export function positive(value: Value): Value {
  const number = asNumber(value);
  if (value instanceof Undefined) throw undefinedError(value);
  if (number === undefined) throw runtimeError(`bad operand type for unary +: '${typeName(value)}'`);
  return number;
}

function add(left: Value, right: Value, budget: Budget): Value | undefined {
  const [leftText, rightText] = [asText(left), asText(right)];
  if (leftText !== undefined) {
    if (rightText === undefined) throw runtimeError(`can only concatenate str (not "${typeName(right)}") to str`);
    budget.chargeText(leftText.length + rightText.length);
    if (!(left instanceof Markup || right instanceof Markup)) return leftText + rightText;
    return new Markup(escapeHtml(left, leftText) + escapeHtml(right, rightText));
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right)) throw runtimeError(`can only concatenate list (not "${typeName(right)}") to list`);
    budget.chargeItems(left.length + right.length);
    return [...left, ...right];
  }
  if (!(left instanceof Tuple)) return undefined;
  if (!(right instanceof Tuple)) throw runtimeError(`can only concatenate tuple (not "${typeName(right)}") to tuple`);
  budget.chargeItems(left.items.length + right.items.length);
  return new Tuple([...left.items, ...right.items]);
}

function repeatAny(left: Value, right: Value, budget: Budget): Value | undefined {
  const count = asCount(right);
  if (count === undefined) return asCount(left) === undefined ? undefined : repeatAny(right, left, budget);
  const text = asText(left);
  if (text !== undefined) return sameKind(left, repeat(text, count, budget));
  const items = left instanceof Tuple ? left.items : left;
  if (!Array.isArray(items)) return undefined;
  budget.chargeItems(items.length * Math.max(count, 0));
  const repeated = Array.from({ length: Math.max(count, 0) }, () => items as Value[]).flat();
  return left instanceof Tuple ? new Tuple(repeated) : repeated;
}

function asCount(value: Value): number | undefined {
  const number = asNumber(value);
  return typeof number === "bigint" ? Number(number) : undefined;
}

function sameKind(like: Value, text: string): Value {
  return like instanceof Markup ? new Markup(text) : text;
}

function arithmetic(operator: BinaryOperator, [left, right]: readonly [bigint | number, bigint | number]): Value {
  if (typeof left === "bigint" && typeof right === "bigint") return integerArithmetic(operator, left, right);
  return floatArithmetic(operator, Number(left), Number(right));
}

// Numbers of more bits than this take long to compute and cannot be written anyway.
const maxBits = 20_000;

function integerArithmetic(operator: BinaryOperator, left: bigint, right: bigint): Value {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return bounded(left, right, (bits, otherBits) => bits + otherBits) && left * right;
    case "/":
      if (right === 0n) throw runtimeError("division by zero");
      return Number(left) / Number(right);
    case "//":
      if (right === 0n) throw runtimeError("integer division or modulo by zero");
      return floorDivide(left, right);
    case "%":
      if (right === 0n) throw runtimeError("integer modulo by zero");
      return left - floorDivide(left, right) * right;
    case "**":
      if (right < 0n) return floatPower(Number(left), Number(right));
      return bounded(left, right, (bits) => bits * Number(right)) && left ** right;
  }
}

function bounded(left: bigint, right: bigint, bitsOfResult: (left: number, right: number) => number): true {
  const bits = (value: bigint) => value.toString(16).length * 4;
  const isSmall = (value: bigint) => value === 0n || value === 1n || value === -1n;
  if (!isSmall(left) && bitsOfResult(bits(left), bits(right)) > maxBits) {
    throw runtimeError("an integer of the chat template becomes too large");
  }
  return true;
}

function floorDivide(left: bigint, right: bigint): bigint {
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function floatArithmetic(operator: BinaryOperator, left: number, right: number): number {
  if (right === 0 && ["/", "//", "%"].includes(operator)) {
    throw runtimeError(operator === "/" ? "float division by zero" : "float floor division or modulo by zero");
  }
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "//":
      return Math.floor((left - floatModulo(left, right)) / right + 0.5);
    case "%":
      return floatModulo(left, right);
    case "**":
      return floatPower(left, right);
  }
}

/** With the sign of the divisor, as Python. */
function floatModulo(left: number, right: number): number {
  const rest = left % right;
  return rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest;
}

function floatPower(left: number, right: number): number {
  if (left === 0 && right < 0) throw runtimeError("0.0 cannot be raised to a negative power");
  return left ** right;
}

function unsupported(operator: string, left: Value, right: Value): JinjaError {
  const name = operator === "**" ? "** or pow()" : operator;
  return runtimeError(`unsupported operand type(s) for ${name}: '${typeName(left)}' and '${typeName(right)}'`);
}
