import { dirname } from "node:path";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { chooseGguf } from "../../../hub/choose-gguf.ts";
import type { HubConfig } from "../../../hub/config.ts";
import { download } from "./download.ts";
import { formatBytes } from "../../../models/format-bytes.ts";
import { readRepo } from "../../../hub/hub-client.ts";
import { openRepoCache } from "./repo-cache.ts";

export interface FindOptions {
  /** 0 to 1, of what is downloaded. */
  readonly onProgress: (progress: number) => void;
  readonly log: (level: "info", message: string) => void;
}

export interface FoundModel {
  /** Absolute path of the GGUF file; of a split model, of its first part. */
  readonly path: string;
  readonly downloaded: boolean;
}

/**
 * The model that a name or pattern means in a repository: from the cache, where nothing is asked of the network, so that
 * a restart neither waits nor gets another model; else from the hub. Throws RpcError MODEL_LOAD_FAILED.
 */
export async function findModel(
  hub: HubConfig,
  { repo, pattern }: { readonly repo: string; readonly pattern: string },
  { onProgress, log }: FindOptions,
): Promise<FoundModel> {
  const cache = openRepoCache(hub.cacheDir, repo);
  const known = cache.findModel(pattern);
  if (known !== undefined) {
    log("info", `${repo} was downloaded before: ${known}`);
    return { path: known, downloaded: false };
  }
  if (hub.offline) throw failed(`HF_HUB_OFFLINE is set, and ${cache.folder} has no model that is called ${pattern}`);

  const { commit, files } = await readRepo(hub, repo);
  const choice = chooseGguf(
    files.map(({ path }) => path),
    pattern,
  );
  if (!choice.ok) throw failed(`model "${pattern}" ${choice.fault} in ${hub.endpoint}/${repo}`);
  const wanted = choice.parts.flatMap((part) => {
    const file = files.find(({ path }) => path === part);
    return file === undefined ? [] : [{ ...file, place: cache.stagingPath(commit, part) }];
  });
  const bytes = wanted.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  log("info", `downloading ${choice.parts.join(", ")} (${formatBytes(bytes)}) of ${repo} to ${cache.folder}`);

  const start = performance.now();
  await download(hub, { repo, commit, files: wanted, onProgress });
  const [first = ""] = wanted.map(({ path, place }) => cache.add(commit, path, place));
  log("info", `downloaded to ${dirname(first)} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return { path: first, downloaded: true };
}

function failed(message: string): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, message);
}
