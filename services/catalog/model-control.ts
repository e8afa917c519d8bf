import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import {
  PullModelResponse_Stage as Stage,
  type PullModelRequest,
  type PullModelResponseSchema,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { chooseGguf } from "../hub/choose-gguf.ts";
import { readHubConfig } from "../hub/config.ts";
import { fileUrl, readRepo } from "../hub/hub-client.ts";
import type { ModelControl } from "../models/model-handlers.ts";
import type { ModelPool } from "../pool/model-pool.ts";
import type { Catalog } from "./catalog.ts";
import type { PullFile } from "./pull-file.ts";
import { runPull } from "./run-pull.ts";

/** A model that is to be downloaded. */
interface Pull {
  readonly id: string;
  readonly files: readonly [PullFile, ...PullFile[]];
  readonly source: Readonly<Record<string, unknown>>;
}

/** Of what a repository has for a model, in this order, where nobody chooses. */
const preferred = ["*Q4_K_M*.gguf", "*q4_k_m*.gguf", "*Q4_0*.gguf", "*q4_0*.gguf", "*Q8_0*.gguf", "*q8_0*.gguf"];

/** What makes models of a pool come and go. */
export function createModelControl(pool: ModelPool, catalog: Catalog): ModelControl {
  /** Two downloads of one file would write into each other. */
  const running = new Set<string>();

  async function* pull(
    request: PullModelRequest,
    signal: AbortSignal,
  ): AsyncGenerator<MessageInitShape<typeof PullModelResponseSchema>, void, void> {
    const { id, files, source } = await planPull(request, catalog);
    if (pool.ids.includes(id)) throw invalid("id", `there is a model "${id}" already: give the new one another id`);
    if (running.has(id)) throw invalid("id", `model "${id}" is being pulled already: watch that, or give another id`);
    running.add(id);
    try {
      let receivedBytes = 0n;
      for await (const progress of runPull(files, signal)) {
        receivedBytes = BigInt(progress.receivedBytes);
        const stage = progress.stage === "verifying" ? Stage.VERIFYING : Stage.DOWNLOADING;
        yield { stage, receivedBytes, totalBytes: BigInt(progress.totalBytes) };
      }
      await catalog.add(files[0].place, source);
      yield { stage: Stage.DONE, receivedBytes, totalBytes: receivedBytes, model: pool.model(id) };
    } finally {
      running.delete(id);
    }
  }

  return {
    devices: () => pool.devices(),
    load: (id, context) => pool.load(id, context),
    unload: (id, options) => pool.unload(id, options),
    pull: (request, { signal }) => pull(request, signal),
    async delete(id, signal) {
      const path = pool.pathOf(id);
      if (path === undefined || !pool.isPulled(id)) {
        pool.model(id);
        throw invalid("id", `model "${id}" was not downloaded by PullModel, which is all that is deleted here`);
      }
      await catalog.delete(path);
      await pool.whenGone(id, signal);
    },
  };
}

async function planPull(request: PullModelRequest, catalog: Catalog): Promise<Pull> {
  const { source, file, id, sha256 } = request;
  if (sha256 !== "" && !/^[0-9a-f]{64}$/i.test(sha256))
    throw invalid("sha256", `sha256 is ${JSON.stringify(sha256.slice(0, 80))}: it must be 64 hexadecimal digits`);
  switch (source.case) {
    case "url": {
      const url = URL.parse(source.value);
      if (url === null || !/^https?:$/.test(url.protocol))
        throw invalid("url", `${JSON.stringify(source.value.slice(0, 200))} is not an http or https address`);
      const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "").replace(/\.gguf$/i, "");
      const own = id === "" ? name : id;
      const place = catalog.placeFor(own);
      const one: PullFile = { url: url.href, place, ...(sha256 !== "" && { sha256 }) };
      return { id: own, files: [one], source: { url: url.href } };
    }
    case "repository":
      return planRepository({ repository: source.value, file, id, sha256 }, catalog);
    case undefined:
      throw invalid("url", "neither url nor repository is given: name what is to be downloaded");
  }
}

async function planRepository(
  wanted: { readonly repository: string; readonly file: string; readonly id: string; readonly sha256: string },
  catalog: Catalog,
): Promise<Pull> {
  const { repository, file, sha256 } = wanted;
  if (!/^(?!.*(?:\.\.|--))\w[\w.-]*\/\w[\w.-]*$/.test(repository))
    throw invalid("repository", `${JSON.stringify(repository.slice(0, 200))} is not a repository such as owner/name`);
  const hub = readHubConfig();
  const { commit, files } = await readRepo(hub, repository);
  const paths = files.map(({ path }) => path).filter((path) => !/mmproj/i.test(path));
  const choices = (file === "" ? ["*.gguf", ...preferred] : [file]).map((pattern) => chooseGguf(paths, pattern));
  const choice = choices.find(({ ok }) => ok) ?? choices[0];
  if (choice?.ok !== true)
    throw invalid("file", `${file === "" ? "*.gguf" : file} ${choice?.fault ?? "matches nothing"}`);
  const [first, ...more] = choice.parts;
  const name = (first.split("/").at(-1) ?? first).replace(/\.gguf$/i, "");
  const id = wanted.id === "" ? name.replace(/-00001-of-\d{5}$/, "") : wanted.id;
  const place = catalog.placeFor(id);
  const toFile = (path: string, at: string): PullFile => ({
    url: fileUrl(hub, repository, { commit, path }),
    token: hub.token,
    sha256: sha256 !== "" && more.length === 0 ? sha256 : files.find((one) => one.path === path)?.sha256,
    place: at,
  });
  const source = { repository, commit, files: choice.parts };
  if (more.length === 0) return { id, files: [toFile(first, place)], source };
  // The parts of a split model are found by their names.
  const folder = place.replace(/[^/\\]*$/, "");
  const at = (path: string) => join(folder, path.split("/").at(-1) ?? path);
  return { id, files: [toFile(first, at(first)), ...more.map((path) => toFile(path, at(path)))], source };
}

function invalid(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param });
}
