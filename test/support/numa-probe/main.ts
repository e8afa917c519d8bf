// To be forked with a value of the setting numa. On a machine with one NUMA node its strategies differ in nothing that
// can be seen, but llama.cpp says on stderr when it has one already.
import type { KoffiFunc } from "koffi";
import { modelSettingsSchema } from "../../../settings/settings.ts";
import { openModel } from "../../../services/engine/llama/load/open-model.ts";
import { tinyGuidePath } from "../tiny-guide.ts";

const settings = modelSettingsSchema.parse({ model: tinyGuidePath, model_alias: "tiny", numa: process.argv[2] });
const { libraries } = await openModel(settings, { onProgress: () => {}, log: () => {} });
const initNuma = libraries.llama.func("void llama_numa_init(int strategy)") as unknown as KoffiFunc<
  (strategy: number) => void
>;
initNuma(1);
process.exit(0);
