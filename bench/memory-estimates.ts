// npm run bench:memory -- MODEL.gguf … : what each model was thought to take, and what it was then seen to take.
import { basename } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { pino } from "pino";
import type { Model } from "../clients/index.ts";
import { columns } from "../cli/remote/format-models.ts";
import { formatBytes } from "../services/models/format-bytes.ts";
import { startServices } from "../services/server.ts";
import { modelSettingsSchema, serviceSettingsSchema } from "../settings/settings.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { settings: { type: "string", multiple: true } },
});
if (positionals.length === 0) {
  console.error(
    "usage: memory-estimates MODEL.gguf … [--settings '{\"n_ctx\": 4096}' …]: each model with each settings",
  );
  process.exit(1);
}
const variants = values.settings ?? ['{"n_ctx": 2048}'];

const head = ["MODEL", "SETTINGS", "DEVICE", "ESTIMATED", "MEASURED", "OFF"];
const lines: string[][] = [];
for (const model of positionals)
  for (const settings of variants) {
    const { memory, error } = await load(model, JSON.parse(settings) as object);
    const name = [basename(model), settings];
    if (error !== "") console.error(`${name.join(" ")}: ${error}`);
    for (const { device, estimatedBytes, measuredBytes } of memory) {
      const [estimated, measured] = [Number(estimatedBytes), Number(measuredBytes)];
      const off = measured === 0 ? "" : `${((estimated / measured - 1) * 100).toFixed(1)} %`;
      lines.push([...name, device, formatBytes(estimated), formatBytes(measured), off]);
    }
  }
console.log(columns([head, ...lines]));
process.exit(0);

async function load(model: string, settings: object): Promise<Model> {
  const services = await startServices({
    models: [modelSettingsSchema.parse({ model, model_alias: "model", n_threads: 1, ...settings })],
    service: serviceSettingsSchema.parse({ grpc_port: 0 }),
    log: pino({ level: "silent" }),
    tracing: { serviceName: "tokenwire" },
  });
  const [result] = await services.whenReady();
  await services.close(0);
  if (result === undefined) throw new Error("there is no result");
  return result.model;
}
