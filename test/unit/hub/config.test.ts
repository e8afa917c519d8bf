import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readHubConfig } from "../../../services/hub/config.ts";

const standard = join(homedir(), ".cache/huggingface");

test.each([
  [{}, { endpoint: "https://huggingface.co", cacheDir: join(standard, "hub"), offline: false }],
  [{ HF_ENDPOINT: "http://mirror/hf/" }, { endpoint: "http://mirror/hf" }],
  [{ HF_HOME: "/h" }, { cacheDir: "/h/hub" }],
  [{ HF_HOME: "/h", HF_HUB_CACHE: "/c" }, { cacheDir: "/c" }],
  [{ XDG_CACHE_HOME: "/x" }, { cacheDir: "/x/huggingface/hub" }],
  [{ HF_HUB_OFFLINE: "1" }, { offline: true }],
  [{ HF_HUB_OFFLINE: "0" }, { offline: false }],
  [{ HF_TOKEN: " t \n" }, { token: "t" }],
])("%j", (env, config) => {
  expect(readHubConfig({ HF_TOKEN_PATH: "/nowhere", ...env })).toMatchObject(config);
});

test("an endpoint that is no URL is refused", () => {
  expect(() => readHubConfig({ HF_ENDPOINT: "mirror" })).toThrow(
    'the environment variable HF_ENDPOINT is "mirror", which is not an http or https URL',
  );
});

describe("the token", () => {
  test("of a login is read, and HF_TOKEN goes before it", () => {
    const home = mkdtempSync(join(tmpdir(), "tw-hf-"));
    writeFileSync(join(home, "token"), "of-login\n");
    expect(readHubConfig({ HF_HOME: home }).token).toBe("of-login");
    expect(readHubConfig({ HF_HOME: home, HF_TOKEN: "other" }).token).toBe("other");
    rmSync(home, { recursive: true });
  });
});
