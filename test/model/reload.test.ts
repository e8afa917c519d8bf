import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ModelState } from "../../clients/index.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { isAlive, startTokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

test("SIGHUP brings new models, replaces changed ones, takes removed ones away, and leaves the others alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-sighup-"));
  const file = join(folder, "config.json");
  const write = (models: readonly object[]) => writeFileSync(file, JSON.stringify({ models }));
  const model = (model_alias: string, n_ctx = 512) => ({ model: tinyGuidePath, model_alias, n_ctx, n_slots: 1 });
  write([model("stays"), model("changes"), model("goes")]);
  {
    await using tokenwire = await startTokenwire({ args: ["--config_file", file] });
    const models = async () => {
      const list = await tokenwire.client.models.listModels({});
      return list.models.map(
        ({ id, state, details }) =>
          `${id} ${state === ModelState.RESIDENT ? "resident" : "away"} ${details?.contextLength ?? 0}`,
      );
    };
    const before = await tokenwire.workers();
    expect(before).toHaveLength(3);
    write([model("comes"), model("changes", 1024), model("stays")]);
    // Nobody watches the file.
    expect((await models()).join()).toBe("stays resident 512,changes resident 512,goes resident 512");
    tokenwire.process.kill("SIGHUP");
    const after = "comes resident 512,changes resident 1024,stays resident 512";
    await waitUntil("the models are the new ones", async () => (await models()).join() === after, 15_000);
    const workers = await tokenwire.workers();
    expect(workers).toHaveLength(3);
    expect(workers.filter((pid) => before.includes(pid))).toHaveLength(1);
    expect(tokenwire.output().stderr).toContain("SIGHUP: the configuration was read again");

    write([model("comes"), { ...model("stays"), n_ctx: "much" }]);
    tokenwire.process.kill("SIGHUP");
    await waitUntil("the error is told", () =>
      tokenwire.output().stderr.includes("SIGHUP: the old configuration stays"),
    );
    expect((await models()).join()).toBe(after);
    expect(await tokenwire.workers()).toEqual(workers);
  }
  rmSync(folder, { recursive: true });
});

test("a configuration that is read again changes the models, by SIGHUP and by itself, and one with an error changes nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tw-reload-"));
  const file = join(folder, "config.json");
  const write = (models: readonly object[]) => writeFileSync(file, JSON.stringify({ watch: true, models }));
  const model = (model_alias: string, n_ctx = 512) => ({ model: tinyGuidePath, model_alias, n_ctx, n_slots: 1 });
  write([model("stays"), model("goes")]);
  {
    await using tokenwire = await startTokenwire({ args: ["--config_file", file] });
    const models = async () => {
      const list = await tokenwire.client.models.listModels({});
      return list.models.map(({ id, details }) => `${id} ${details?.contextLength ?? "unknown"}`);
    };
    const told = (text: string) => () => tokenwire.output().stderr.includes(text);
    const [stays = 0] = await tokenwire.workers();
    expect(await models()).toEqual(["stays 512", "goes 512"]);

    // The file is watched: one comes, one goes, one has other settings.
    write([model("stays", 1024), model("comes")]);
    await waitUntil(
      "the models are the new ones",
      async () => (await models()).join() === "stays 1024,comes 512",
      15_000,
    );
    expect(isAlive(stays)).toBe(false);

    const workers = await tokenwire.workers();
    writeFileSync(file, "{");
    await waitUntil("the error is told", told("the old configuration stays"));
    write([{ ...model("comes"), n_slots: "many" }]);
    tokenwire.process.kill("SIGHUP");
    await waitUntil("the error is told", told("SIGHUP: the old configuration stays"));
    expect(tokenwire.output().stderr).toContain("n_slots");
    expect(await models()).toEqual(["stays 1024", "comes 512"]);
    expect(await tokenwire.workers()).toEqual(workers);
  }
  rmSync(folder, { recursive: true });
});
