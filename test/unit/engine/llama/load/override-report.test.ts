import { expect, test } from "vitest";
import { createOverrideReport } from "../../../../../services/engine/llama/load/override-report.ts";

const overrides = ["tokenizer.ggml.add_bos_token=bool:true", "llama.rope.freq_base=int:5", "no.such.key=str:x"];

test("tells which overrides were used, had the wrong type, or were not asked for", () => {
  const report = createOverrideReport(overrides);
  report.readLine("validate_override: Using metadata override ( bool) 'tokenizer.ggml.add_bos_token' = ");
  report.readLine("print_info: arch = llama");
  expect(report.fault()).toBeUndefined();
  expect(report.warnings()).toEqual([
    "kv_overrides has no effect on llama.rope.freq_base: loading this model does not ask for it",
    "kv_overrides has no effect on no.such.key: loading this model does not ask for it",
  ]);
  report.readLine(
    "validate_override: Warning: Bad metadata override type for key 'llama.rope.freq_base', expected float but got int",
  );
  expect(report.fault()).toBe("kv_overrides has llama.rope.freq_base as int, and the model reads it as float");
});
