/** How many characters two texts have in common at their beginning, or at their end. Digits count as equal. */
export function commonPrefix(left: string, right: string): number {
  let length = 0;
  while (length < left.length && length < right.length && isSame(left[length], right[length])) length++;
  return length;
}

export function commonSuffix(left: string, right: string): number {
  let length = 0;
  while (length < left.length && length < right.length && isSame(left.at(-1 - length), right.at(-1 - length))) length++;
  return length;
}

function isSame(left: string | undefined, right: string | undefined): boolean {
  return left === right || (/\d/.test(left ?? "") && /\d/.test(right ?? ""));
}

/** The last place at or before `at` that is not within a tag (`<…>`, `[…]`): a tag that begins there and goes on is left out. */
export function beforeOpenTag(text: string, at: number): number {
  const head = text.slice(0, at);
  const open = head.lastIndexOf("<");
  return open !== -1 && !head.slice(open).includes(">") ? open : at;
}

/** The first place at or after `from` where a tag or white space begins. */
export function nextTag(text: string, from: number): number {
  const found = text.slice(from).search(/[<[\s]/);
  return found === -1 ? text.length : from + found;
}

/** The first place at or after `at` that is not within a tag. */
export function outsideTag(text: string, at: number): number {
  return beforeOpenTag(text, at) === at ? at : text.indexOf(">", at) + 1;
}
