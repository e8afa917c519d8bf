import { expect, test, vi } from "vitest";
import { runProgram } from "../../../cli/run-program.ts";
import { ConfigError, StartError } from "../../../config/config-error.ts";

async function failWith(error: unknown): Promise<{ readonly said: string; readonly code: number | undefined }> {
  const written = vi.spyOn(console, "error").mockReturnValue();
  const exit = vi.fn<(code: number) => void>();
  await runProgram(() => Promise.reject(error as Error), exit);
  const said = written.mock.calls.flat().join("\n");
  written.mockRestore();
  return { said, code: exit.mock.calls[0]?.[0] };
}

test("a start that fails for a reason outside is told in its sentence", async () => {
  expect(await failWith(new StartError("port 80 is taken"))).toEqual({ said: "port 80 is taken", code: 1 });
  expect(await failWith(new ConfigError(["n_ctx is not a number"]))).toEqual({
    said: "n_ctx is not a number",
    code: 2,
  });
});

test("a bug at start shows its stack and its causes", async () => {
  const bug = new TypeError("x is not a function", { cause: new Error("the cause") });
  const { said, code } = await failWith(bug);
  expect(code).toBe(1);
  expect(said).toContain("internal error at the start (a bug): TypeError: x is not a function");
  expect(said).toMatch(/at .*run-program\.test\.ts:\d+/);
  expect(said).toContain("the cause");
});
