import { mkdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createModelDownloader } from "node-llama-cpp";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { checkSha256 } from "./check-sha256.ts";
import { checkSpace } from "./check-space.ts";
import type { HubConfig } from "../../../hub/config.ts";
import { fileUrl, type HubFile } from "../../../hub/hub-client.ts";
import { dropProgress } from "./drop-progress.ts";
import { resolveUrl } from "./resolve-url.ts";
import { watchWrites } from "./watch-writes.ts";
import { watchProgress, type ProgressWatch } from "./watch-progress.ts";

/** A file of a repository, and where it is kept while it is not whole. */
export interface StagedFile extends HubFile {
  readonly place: string;
}

export interface DownloadJob {
  readonly repo: string;
  readonly commit: string;
  /** One, or all parts of a split model. */
  readonly files: readonly StagedFile[];
  /** 0 to 1. */
  readonly onProgress: (progress: number) => void;
  /** A download of which nothing comes for so long is given up; the downloader itself would try for a quarter of an hour. */
  readonly silenceMs?: number;
}

/**
 * Downloads files, from where an earlier attempt has stopped, and checks them. Throws RpcError MODEL_LOAD_FAILED; what
 * has come so far is kept.
 */
export async function download(hub: HubConfig, job: DownloadJob): Promise<void> {
  const { files, onProgress } = job;
  for (const { place } of files) await mkdir(dirname(place), { recursive: true });
  await checkSpace(files);
  const total = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  let before = 0;
  for (const file of files) {
    const done = before;
    await downloadFile(hub, job, {
      ...file,
      onBytes: (bytes) => total > 0 && onProgress(Math.min(1, (done + bytes) / total)),
    });
    if (file.sizeBytes !== undefined) await dropProgress(file.place, file.sizeBytes);
    if (file.sha256 !== undefined) await checkSha256(file.path, { place: file.place, sha256: file.sha256 });
    before += file.sizeBytes ?? 0;
  }
}

type WatchedFile = StagedFile & { readonly onBytes: (bytes: number) => void };

/** Signed addresses expire and connections break: as long as something comes, it goes on. */
async function downloadFile(hub: HubConfig, job: DownloadJob, file: WatchedFile): Promise<void> {
  const { repo, silenceMs = 60_000 } = job;
  const { path, onBytes } = file;
  const watch = watchProgress({ what: `${path} of ${repo}`, silenceMs, onBytes });
  try {
    for (;;) {
      const before = watch.bytes;
      try {
        return await transfer(hub, job, { file, watch });
      } catch (error) {
        if (error instanceof RpcError) throw error;
        if (watch.bytes > before) continue;
        const reason = error instanceof Error ? error.message : String(error);
        const message = `the download of ${path} from ${hub.endpoint}/${repo} failed: ${reason}`;
        throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, message, { cause: error });
      }
    }
  } finally {
    watch.stop();
  }
}

async function transfer(
  hub: HubConfig,
  { repo, commit }: DownloadJob,
  { file: { path, place }, watch }: { file: WatchedFile; watch: ProgressWatch },
): Promise<void> {
  const source = await watch.within(resolveUrl(hub, fileUrl(hub, repo, { commit, path })));
  // A part that is called as one of several would bring the others with it, whatever they are to be called here.
  source.pathname = source.pathname.replace(/-of-(?=\d{5}\.gguf$)/i, "%2Dof%2D");
  const downloader = await watch.within(
    createModelDownloader({
      modelUri: source.href,
      dirPath: dirname(place),
      fileName: basename(place),
      endpoints: { huggingFace: hub.endpoint },
      ...(hub.token !== undefined && { tokens: { huggingFace: hub.token } }),
      deleteTempFileOnCancel: false,
      onProgress: ({ downloadedSize }) => watch.onBytes(downloadedSize),
    }),
  );
  const failure = Promise.withResolvers<never>();
  const stop = watchWrites(failure.reject);
  try {
    await watch.within(Promise.race([downloader.download({ signal: watch.signal }), failure.promise]));
  } catch (error) {
    await downloader.cancel().catch(() => {});
    throw error;
  } finally {
    stop();
  }
}
