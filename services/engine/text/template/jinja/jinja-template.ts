import { Budget } from "./budget.ts";
import { JinjaError } from "./jinja-error.ts";
import { Evaluator } from "./run/evaluate.ts";
import { Executor } from "./run/execute.ts";
import { Scope } from "./run/scope.ts";
import type { Statement } from "./syntax/nodes.ts";
import { parseTemplate } from "./syntax/parse-template.ts";
import type { Value } from "./values/value.ts";

/**
 * A chat template as Transformers renders it: Jinja2's language and values, with trim_blocks and lstrip_blocks, loop
 * controls, generation blocks, its `tojson`, `raise_exception` and `strftime_now`, and its sandbox, in which a template
 * changes nothing but namespaces.
 */
export interface JinjaTemplate {
  /** The text. Throws JinjaError with a line; never anything else. */
  render(run: TemplateRun): string;
}

export interface TemplateRun {
  readonly variables: Readonly<Record<string, Value>>;
  readonly now: Date;
  /** When the rendering is given up (budget.ts). */
  readonly maxSteps: number;
}

/** Parses a template. Throws JinjaError, a syntax error. */
export function parseJinja(source: string): JinjaTemplate {
  const body: readonly Statement[] = withinStack(() => parseTemplate(source));
  return {
    render({ variables, now, maxSteps }) {
      const executor = new Executor(new Evaluator(new Budget(maxSteps), now));
      const scope = new Scope(undefined, Object.entries(variables));
      return withinStack(() => executor.capture(body, scope));
    },
  };
}

function withinStack<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) throw new JinjaError("overrun", "the chat template nests too deep");
    throw error;
  }
}
