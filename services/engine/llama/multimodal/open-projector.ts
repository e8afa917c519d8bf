import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { OpenModel } from "../load/open-model.ts";
import type { Device } from "../native/devices.ts";
import type { Libraries } from "../native/libraries/libraries.ts";
import { bindMtmd, type MtmdApi } from "../native/mtmd/mtmd-api.ts";
import { Projector } from "../native/mtmd/projector.ts";
import { provideLibrary } from "./library/build-library.ts";
import { libraryVersion } from "./library/library-place.ts";

/** libmtmd, built first where it is not there. Throws RpcError MODEL_LOAD_FAILED that says what the machine lacks. */
export async function openMultimodal(libraries: Libraries, info: (message: string) => void): Promise<MtmdApi> {
  const path = await provideLibrary({ info });
  return bindMtmd(libraries.openBeside(path), libraryVersion().release);
}

export interface OpenProjectorOptions {
  readonly settings: ModelSettings;
  /** Those that the model uses. */
  readonly gpus: readonly Device[];
  /** Of the CPU, for encoding. */
  readonly threads: number;
}

/** The GPU that a model's projector computes on; undefined: the CPU does. */
export function projectorGpu(
  { mmproj_use_gpu, n_gpu_layers, main_gpu }: ModelSettings,
  gpus: readonly Device[],
): Device | undefined {
  if (!mmproj_use_gpu || n_gpu_layers === 0) return undefined;
  return gpus[main_gpu] ?? gpus[0];
}

/** The projector that `clip_model_path` names; undefined: none. Throws RpcError MODEL_LOAD_FAILED with libmtmd's reason. */
export async function openProjector(
  { model, multimodal }: Pick<OpenModel, "model" | "multimodal">,
  { settings, gpus, threads }: OpenProjectorOptions,
): Promise<Projector | undefined> {
  const { clip_model_path: path } = settings;
  if (path === undefined || multimodal === undefined) return undefined;
  const gpu = projectorGpu(settings, gpus)?.pointer;
  const projector = await Projector.load(multimodal, model, { path, gpu, threads });
  if (projector instanceof Projector) return projector;
  const why = projector || "llama.cpp gives no reason";
  throw new RpcError(
    ErrorReason.MODEL_LOAD_FAILED,
    `the projector ${path} (clip_model_path) could not be loaded for ${model.description}: ${why}`,
  );
}
