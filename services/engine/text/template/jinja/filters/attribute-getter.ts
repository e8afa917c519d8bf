import { getItem } from "../methods/members.ts";
import { asText } from "../values/facts.ts";
import { Undefined, type Value } from "../values/value.ts";

/** Reads what the filters' `attribute` says: a name or an index, or a path of them with dots. */
export function attributeGetter(attribute: Value | undefined, fallback?: Value): (item: Value) => Value {
  const path = attributePath(attribute);
  return (item) => {
    let value = item;
    for (const part of path) {
      value = getItem(value, part);
      if (value instanceof Undefined && fallback !== undefined && fallback !== null) value = fallback;
    }
    return value;
  };
}

/** Several attributes with commas between them: the list of their values. */
export function attributesGetter(attribute: Value | undefined): (item: Value) => Value[] {
  const text = attribute === undefined ? undefined : asText(attribute);
  const getters = (text === undefined ? [attribute] : text.split(",")).map((one) => attributeGetter(one));
  return (item) => getters.map((get) => get(item));
}

/** What is compared without regard to case: a text in small letters. */
export function ignoreCase(value: Value): Value {
  return asText(value)?.toLowerCase() ?? value;
}

function attributePath(attribute: Value | undefined): readonly Value[] {
  if (attribute === undefined || attribute === null) return [];
  const text = asText(attribute);
  if (text === undefined) return [attribute];
  return text.split(".").map((part) => (/^\d+$/.test(part) ? BigInt(part) : part));
}
