import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema } from "../config/config-json-schema.ts";
import { packageRoot } from "../config/config.ts";
import { createVocabulary } from "../config/vocabulary.ts";
import { settingsPage } from "./settings-page.ts";

// `npm run schema`: writes anew what describes the settings, after one has changed; a test finds it when it is old.
const vocabulary = createVocabulary();
const write = (name: string, content: string) => writeFileSync(join(packageRoot, "docs", name), content);
write("config.schema.json", `${JSON.stringify(configJsonSchema(vocabulary), undefined, 2)}\n`);
write("settings.md", settingsPage(vocabulary));
