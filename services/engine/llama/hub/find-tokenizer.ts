import { isAbsolute, join } from "node:path";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import {
  readTokenizerConfig,
  templateFileName,
  tokenizerConfigName,
} from "../../../../settings/model/file-settings.ts";
import { parseTokenizerConfig, type TokenizerConfig } from "../../text/template/tokenizer-config.ts";
import type { HubConfig } from "../../../hub/config.ts";
import { readRepo, readText } from "../../../hub/hub-client.ts";
import { openRepoCache } from "./repo-cache.ts";

export interface FoundTokenizer extends TokenizerConfig {
  /** Where it comes from, in words. */
  readonly source: string;
}

/**
 * The tokenizer_config.json that a model's settings name, if they name one: a file, or a model's folder on this machine
 * or on the hub. Throws RpcError MODEL_LOAD_FAILED.
 */
export async function findTokenizer(
  hub: HubConfig,
  { hf_tokenizer_config_path: file, hf_pretrained_model_name_or_path: model }: ModelSettings,
): Promise<FoundTokenizer | undefined> {
  if (file !== undefined) return parse(`hf_tokenizer_config_path ${file}`, () => readTokenizerConfig(file));
  if (model === undefined) return undefined;
  const source = `hf_pretrained_model_name_or_path ${model}`;
  if (isAbsolute(model)) return parse(source, () => readTokenizerConfig(join(model, tokenizerConfigName)));
  const cache = openRepoCache(hub.cacheDir, model);
  const known = cache.findFile(tokenizerConfigName);
  // What another tool has left may lack the file with the template.
  const found = known === undefined ? undefined : attempt(() => ({ ...readTokenizerConfig(known), source }));
  return found ?? fetchFiles(hub, model, source);
}

async function fetchFiles(hub: HubConfig, repo: string, source: string): Promise<FoundTokenizer> {
  const cache = openRepoCache(hub.cacheDir, repo);
  if (hub.offline) throw failed(`HF_HUB_OFFLINE is set, and ${cache.folder} has no ${tokenizerConfigName}`);
  const { commit, files } = await readRepo(hub, repo);
  const has = (name: string): boolean => files.some(({ path }) => path === name);
  if (!has(tokenizerConfigName)) throw failed(`${hub.endpoint}/${repo} has no ${tokenizerConfigName}`);
  const fetchText = async (path: string): Promise<string> => {
    const text = await readText(hub, repo, { commit, path });
    cache.addText(commit, path, text);
    return text;
  };
  const template = has(templateFileName) ? await fetchText(templateFileName) : undefined;
  const text = await fetchText(tokenizerConfigName);
  return parse(source, () => parseTokenizerConfig(text, template));
}

function parse(source: string, read: () => TokenizerConfig): FoundTokenizer {
  try {
    return { ...read(), source };
  } catch (error) {
    throw failed(
      `${source} cannot be used: ${tokenizerConfigName} ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function failed(message: string): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, message);
}
