import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema } from "../config/config-json-schema.ts";
import { packageRoot } from "../config/package-root.ts";
import { createVocabulary } from "../config/vocabulary.ts";
import { shimSettingsSchema } from "../shim/config.ts";

// `npm run schema`: writes docs/config.schema.json anew after a setting has changed; a test finds it when it is old.
const file = join(packageRoot, "docs/config.schema.json");
writeFileSync(file, `${JSON.stringify(configJsonSchema(createVocabulary(shimSettingsSchema)), undefined, 2)}\n`);
