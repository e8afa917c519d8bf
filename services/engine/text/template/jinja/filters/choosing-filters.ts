import { runtimeError } from "../jinja-error.ts";
import { isTrue } from "../values/facts.ts";
import { listOf } from "../values/iterate.ts";
import { Iteration, type Call, type Runtime, type Value } from "../values/value.ts";
import { expectText } from "../run/expect.ts";
import { attributeGetter } from "./attribute-getter.ts";
import type { Filter } from "./filter.ts";

/** Jinja's filters that apply filters and tests to each item. What they give comes item by item, and once. */
export const choosingFilters: Readonly<Record<string, Filter>> = {
  map: (value, call, runtime) => new Iteration(mapped(value, call, runtime)),
  select: choose({ byAttribute: false, kept: true }),
  reject: choose({ byAttribute: false, kept: false }),
  selectattr: choose({ byAttribute: true, kept: true }),
  rejectattr: choose({ byAttribute: true, kept: false }),
};

function* mapped(value: Value, { args, named }: Call, runtime: Runtime): Generator<Value> {
  if (!isTrue(value)) return;
  const [name, ...rest] = args;
  const attribute = named.get("attribute");
  if (name === undefined && attribute === undefined) throw runtimeError("map requires a filter argument");
  const get = name === undefined ? attributeGetter(attribute, named.get("default")) : undefined;
  for (const item of listOf(value, runtime.budget)) {
    runtime.budget.charge(1);
    if (get !== undefined) yield get(item);
    else yield runtime.filter(expectText(name ?? null), { args: [item, ...rest], named });
  }
}

function choose({ byAttribute, kept }: { readonly byAttribute: boolean; readonly kept: boolean }): Filter {
  return (value, call, runtime) => new Iteration(chosen(value, call, runtime));

  function* chosen(value: Value, { args, named }: Call, runtime: Runtime): Generator<Value> {
    if (!isTrue(value)) return;
    const [attribute, ...others] = args;
    if (byAttribute && attribute === undefined) throw runtimeError("Missing parameter for attribute name");
    const get = attributeGetter(byAttribute ? attribute : undefined);
    const [name, ...rest] = byAttribute ? others : args;
    for (const item of listOf(value, runtime.budget)) {
      runtime.budget.charge(1);
      const asked = get(item);
      const holds =
        name === undefined ? isTrue(asked) : runtime.test(expectText(name), { args: [asked, ...rest], named });
      if (holds === kept) yield item;
    }
  }
}
