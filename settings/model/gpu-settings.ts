import { z } from "zod";
import { named, namesOf, optional, whole } from "../kinds.ts";
import { honoured, meaningless, refused } from "../setting.ts";

const splitModes = { none: 0, layer: 1, row: 2, tensor: 3 };
/** What llama_max_devices() returns: the length of the arrays that llama.cpp reads. */
const maxDevices = 16;

/** `n_gpu_layers: "auto"` once it is read: to llama.cpp every number below 0 means all layers. */
export const autoGpuLayers = -2;

/** Which GPUs a model uses, and for what. Without a GPU all of them are without effect and the CPU does the work. */
export const gpuSettings = {
  n_gpu_layers: honoured(
    "Number of layers to put on the GPUs; -1 puts all of them there, auto as many as fit.",
    z.union([whole(-1), z.literal("auto").transform(() => autoGpuLayers)]).default(-1),
    { expects: "a whole number from -1 on, or auto", replaced: { was: 0, keep: true } },
  ),
  gpus: honoured(
    "GPUs that this model may use, by the numbers that the log lists when a model is loaded; [] uses none. Unset: all.",
    optional(
      z
        .array(whole(0, maxDevices - 1))
        .max(maxDevices)
        .refine((gpus) => new Set(gpus).size === gpus.length),
    ),
    { expects: "a list of different whole numbers from 0 to 15" },
  ),
  split_mode: honoured(
    `How a model is spread over several GPUs: ${namesOf(splitModes)}.`,
    named(splitModes).prefault("layer"),
    { expects: `one of ${namesOf(splitModes)}`, replaced: { was: 1 } },
  ),
  main_gpu: honoured(
    "With split_mode none: the GPU that holds the model, counted within gpus.",
    whole(0, maxDevices - 1).default(0),
    { replaced: { was: 0 } },
  ),
  tensor_split: honoured(
    "Share of the model for each GPU, in any unit, such as [3, 1]. Unset: by free memory.",
    optional(z.array(z.number().min(0)).min(1).max(maxDevices)),
    { expects: "a list of 1 to 16 numbers of at least 0", replaced: { was: null } },
  ),
  mmproj_use_gpu: honoured(
    "Let the first of the GPUs compute the projector of clip_model_path too.",
    z.boolean().default(true),
  ),
  offload_kqv: honoured("Keep the KV cache on the GPUs too.", z.boolean().default(true), { replaced: { was: true } }),
  mul_mat_q: meaningless("Use the quantized matrix kernels of CUDA.", z.boolean().default(true), {
    because: "llama.cpp chooses its matrix kernels itself",
    replaced: { was: true },
  }),
  rpc_servers: refused("Other hosts that compute a part of the model.", optional(z.string()), {
    because: "is not served: the native libraries have no RPC backend; use gpus and tensor_split on one host",
    replaced: { was: null },
  }),
};

/** When a model is in memory, and what its worker says. */
export const residencySettings = {
  pin: honoured(
    "Load the model at start and never unload it. Such a model cannot have a ttl.",
    z.boolean().default(false),
  ),
  ttl: honoured(
    "Load the model on its first request, and unload it after this many seconds without one. Unset: it is loaded at start and stays.",
    optional(whole(1)),
  ),
  verbose: honoured("Also log llama.cpp's own messages.", z.boolean().default(false), { replaced: { was: true } }),
};
