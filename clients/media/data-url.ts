/**
 * A picture or a sound as a `data:` URL, which every face takes: in browsers the file that was chosen or dropped.
 *
 * @example
 * const content = [{ type: "text", text: "What is this?" }, { type: "image", url: await toDataUrl(file) }];
 */
export async function toDataUrl(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  // As many at once as arguments of a call may be.
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:${file.type || "application/octet-stream"};base64,${btoa(binary)}`;
}
