import {
  Environment,
  Interpreter,
  type JinjaEnvironment,
  type JinjaNode,
  type JinjaProgram,
  type JinjaValue,
} from "./jinja.ts";
import type { JinjaUses } from "./jinja-uses.ts";
import { strftime } from "./strftime.ts";

/** The template called raise_exception: the text is the template author's message to the caller. */
export class TemplateRefusal extends Error {}

/** The template was stopped because it ran too long or wrote too much. */
export class TemplateOverrun extends Error {}

// At four characters a token more than any model's context, and little enough memory.
const maxLength = 16_000_000;
const maxItems = 1_000_000;
const maxRange = 10_000;

export interface TemplateRun {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly now: Date;
  /** How many nodes of the syntax tree may be evaluated. A million take about half a second. */
  readonly maxSteps: number;
}

/**
 * Renders a program with the globals that Transformers gives to chat templates. Templates come with requests too:
 * every run is bounded. Throws TemplateRefusal, TemplateOverrun, and plain errors of the template's own making.
 */
export function runTemplate(program: JinjaProgram, { variables, now, maxSteps }: TemplateRun): string {
  const environment = new Environment();
  const values = { ...variables, ...constants, ...functions(now) };
  for (const [name, value] of Object.entries(values)) environment.set(name, value);
  return String(new BoundedInterpreter(environment, program.uses, maxSteps).run(program.root).value);
}

const constants = { true: true, True: true, false: false, False: false, none: null, None: null };

function functions(now: Date) {
  return {
    raise_exception(message: unknown) {
      throw new TemplateRefusal(String(message));
    },
    range: pythonRange,
    strftime_now: (format: unknown) => strftime(now, String(format)),
  };
}

function pythonRange(from: number, to?: number, step = 1): number[] {
  const [start, stop] = to === undefined ? [0, from] : [from, to];
  if (step === 0) throw new Error("range() step must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > maxRange) throw new TemplateOverrun(`the chat template asks for a range of ${length} numbers`);
  return Array.from({ length }, (_, i) => start + i * step);
}

class BoundedInterpreter extends Interpreter {
  readonly #uses: JinjaUses;
  readonly #maxSteps: number;
  #steps = 0;

  constructor(environment: JinjaEnvironment, uses: JinjaUses, maxSteps: number) {
    super(environment);
    this.#uses = uses;
    this.#maxSteps = maxSteps;
  }

  // All of the interpreter's recursion goes through here, so that counting here bounds time, strings and lists.
  override evaluate(node: JinjaNode | undefined, environment: unknown): JinjaValue {
    const result = super.evaluate(node, environment);
    this.#steps += 1 + costOf(result.value, node !== undefined && this.#uses.loops.has(node));
    if (this.#steps > this.#maxSteps) {
      throw new TemplateOverrun(`the chat template runs for more than ${this.#maxSteps} steps`);
    }
    // A tuple is a list by another name, but the package refuses to unpack one in a loop.
    if (result.type === "TupleValue") result.type = "ArrayValue";
    if (result.type !== "UndefinedValue" || node === undefined) return result;
    const blank = this.#uses.blanks.get(node);
    return blank === undefined ? result : new Environment().set("blank", blank);
  }
}

/** What can be done with a value takes time by its length: a string is searched, a list is looped over. */
function costOf(value: unknown, isLooped: boolean): number {
  if (typeof value === "string") {
    if (value.length > maxLength) {
      throw new TemplateOverrun(`the chat template writes more than ${maxLength} characters`);
    }
    return value.length / 64;
  }
  if (!Array.isArray(value)) return 0;
  if (value.length > maxItems) {
    throw new TemplateOverrun(`the chat template makes a list of more than ${maxItems} items`);
  }
  // A turn of a loop costs as much as four nodes, even with nothing in it.
  return isLooped ? value.length * 4 : value.length / 16;
}
