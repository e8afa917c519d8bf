const fence = '"""';

/**
 * Messages of one or several lines: from `"""` at a line's begin to `"""` at a line's end is one message. `onOpen` is told
 * that a message goes on. One that is open when the input ends is a message, too.
 */
export async function* joinLines(
  lines: AsyncIterable<string>,
  onOpen: (open: boolean) => void,
): AsyncGenerator<string, void, void> {
  let open: string[] | undefined;
  for await (const line of lines) {
    if (open === undefined) {
      if (!line.trimStart().startsWith(fence)) {
        yield line;
        continue;
      }
      const rest = line.trimStart().slice(fence.length);
      if (rest.trimEnd().endsWith(fence)) {
        yield rest.trimEnd().slice(0, -fence.length);
        continue;
      }
      open = rest === "" ? [] : [rest];
    } else if (line.trimEnd().endsWith(fence)) {
      yield [...open, line.trimEnd().slice(0, -fence.length)].join("\n").trimEnd();
      open = undefined;
      continue;
    } else open.push(line);
    onOpen(true);
  }
  if (open !== undefined) yield open.join("\n");
}
