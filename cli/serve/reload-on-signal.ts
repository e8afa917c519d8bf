import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import type { Logger } from "pino";
import { readEnvironment } from "../../config/config.ts";
import type { Services } from "../../services/server.ts";
import { parseCommand, type ServerSettings } from "../arguments/parse-command.ts";

export interface ReloadOptions {
  readonly services: Pick<Services, "configure">;
  readonly settings: ServerSettings;
  readonly log: Logger;
}

/** Editors write a file in several steps. */
const quietMs = 300;

/**
 * Reads the configuration again on SIGHUP, and with `watch` when its file changes. Its models are served from then on;
 * other settings stay as they are until the next start. An error in it is logged, and the old one stays.
 */
export function reloadOnSignal({ services, settings, log }: ReloadOptions): void {
  const reload = (why: string): void => {
    try {
      const command = parseCommand(process.argv.slice(2), readEnvironment(), process.cwd());
      if (command.command !== "serve") return;
      for (const warning of command.warnings) log.warn(warning);
      services.configure(command.settings);
      log.info(`${why}: the configuration was read again`);
    } catch (error) {
      log.error(`${why}: the old configuration stays: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  process.on("SIGHUP", () => reload("SIGHUP"));
  const { configFile } = settings;
  if (!settings.service.watch || configFile === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  // Of its folder: editors put another file in its place.
  watch(dirname(configFile), { persistent: false }, (_, name) => {
    if (name !== basename(configFile)) return;
    clearTimeout(timer);
    timer = setTimeout(() => reload(`${configFile} has changed`), quietMs);
  });
}
