import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfigFile } from "../../../../config/sources/read-config-file.ts";
import { temporaryFolder } from "../support.ts";

function read(name: string, text: string): unknown {
  using folder = temporaryFolder();
  const path = join(folder.path, name);
  writeFileSync(path, text);
  try {
    return readConfigFile(path);
  } catch (error) {
    return error instanceof Error ? error.message.replace(path, "FILE") : error;
  }
}

test.each([
  ["config.json", '{"port": 1, "models": []}'],
  ["config.json", '\uFEFF{\n\t"port": 1,\n\t"models": []\n}'],
  ["config.json", '{\n  // the port\n  "port": 1, /* none\n yet */\n  "models": [],\n}'],
  ["config.yaml", "port: 1\nmodels: []"],
  ["config.YML", "port: 1\nmodels: []"],
  // PyYAML read JSON too.
  ["config.yml", '{"port": 1, "models": []}'],
])("reads %s", (name, text) => {
  expect(read(name, text)).toEqual({ port: 1, models: [] });
});

test("takes nothing in a JSON text for a comment or a trailing comma", () => {
  expect(read("c.json", '{"url": "http://a/*b*/c", "list": ",]\\" // x"}')).toEqual({
    url: "http://a/*b*/c",
    list: ',]" // x',
  });
});

test("shares settings in YAML", () => {
  expect(read("c.yaml", "models:\n  - &one {model: a, n_ctx: 1}\n  - <<: *one\n    model: b\n")).toEqual({
    models: [
      { model: "a", n_ctx: 1 },
      { model: "b", n_ctx: 1 },
    ],
  });
});

describe("says where a file cannot be read", () => {
  test.each([
    ["c.json", '{"a": 1,\n  "b": }', "config file FILE is not JSON at line 2, column 8: Unexpected token '}'"],
    [
      "c.json",
      '{"a": 1, // b\n c}',
      "config file FILE is not JSON at line 2, column 2: Expected double-quoted property name",
    ],
    ["c.json", '{"a": 1', "config file FILE is not JSON at line 1, column 8: Expected ',' or '}' after property value"],
    ["c.json", '{"a":\n', "config file FILE is not JSON at line 2, column 1: Unexpected end of JSON input"],
    ["c.json", '{"a": 1,\n "a": 2}', "config file FILE is wrong at line 2, column 2: the key is there twice; keep one"],
    ["c.json", "[]", 'config file FILE holds no object: write {"models": [{"model": "PATH"}]}'],
    ["c.json", " \n", 'config file FILE is empty: write {"models": [{"model": "PATH"}]}'],
    ["c.yaml", "a: 1\na: 2", "config file FILE is wrong at line 2, column 1: the key is there twice; keep one"],
    ["c.yaml", "a:\n\t- b", "config file FILE is wrong at line 2, column 1: Tabs are not allowed as indentation"],
    ["c.yaml", "a: 1\n---\nb: 1", "config file FILE is wrong at line 2, column 1: a second document begins; keep one"],
    [
      "c.yaml",
      "a: *b",
      "config file FILE cannot be read: Unresolved alias (the anchor must be set before the alias): b",
    ],
    ["c.yaml", "a: &a [*a]", expect.stringContaining("config file FILE cannot be read: Converting circular structure")],
  ])("%s: %j", (name, text, message) => {
    expect(read(name, text)).toEqual(message);
  });
});

test("a folder and a file that may not be read", () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "c.json"));
  expect(() => readConfigFile(join(folder.path, "c.json"))).toThrow("is a folder: name the file in it");
  // Root reads everything.
  if (process.getuid?.() === 0) return;
  writeFileSync(join(folder.path, "d.json"), "{}");
  chmodSync(join(folder.path, "d.json"), 0);
  expect(() => readConfigFile(join(folder.path, "d.json"))).toThrow("cannot be read: EACCES");
});
