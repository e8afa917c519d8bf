/** What browsers say of a key that an input method takes. */
const takenByInputMethod = 229;

/**
 * Whether a key belongs to an input method, whose Enter chooses a word and must not send. Safari says so by the code
 * alone, after the composition has ended.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === takenByInputMethod;
}
