// Imports each of its arguments in turn, and writes what each wrote to stdout, or how it failed, as a line of JSON.
import { format } from "node:util";

const write = process.stdout.write.bind(process.stdout);
for (const file of process.argv.slice(2)) {
  let out = "";
  process.stdout.write = (chunk: string | Uint8Array) => {
    out += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  console.log = (...parts: unknown[]) => void (out += `${format(...parts)}\n`);
  const error = await import(file).then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)),
  );
  write(`${JSON.stringify({ file, out, ...(error !== undefined && { error }) })}\n`);
}
