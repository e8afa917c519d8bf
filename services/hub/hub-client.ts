import { z } from "zod";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { HubConfig } from "./config.ts";

/** A repository as it is at a commit. */
export interface HubRepo {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

export interface HubFile {
  /** Within the repository, with slashes. */
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** Hex; undefined for small files, which Git keeps itself. */
  readonly sha256: string | undefined;
}

const repoSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{6,64}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.number().optional(),
      lfs: z.object({ sha256: z.string() }).nullish(),
    }),
  ),
});
const namesSchema = z.array(z.object({ id: z.string() }));

/** An answer that takes longer does not come. */
const answerMs = 30_000;

/** The files of a model repository. Throws RpcError MODEL_LOAD_FAILED with what cannot be reached or is not there. */
export async function readRepo(hub: HubConfig, repo: string): Promise<HubRepo> {
  const response = await ask(hub, `api/models/${repo}?blobs=true`);
  if (!response.ok) throw await refusal(hub, repo, response);
  const parsed = repoSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw failed(`${hub.endpoint} does not answer as Hugging Face does: check HF_ENDPOINT`);
  const { sha, siblings } = parsed.data;
  const files = siblings.map(({ rfilename, size, lfs }) => ({ path: rfilename, sizeBytes: size, sha256: lfs?.sha256 }));
  // They become paths on this machine.
  return { commit: sha, files: files.filter(({ path }) => isRelative(path)) };
}

/** Where a file of a repository is downloaded from. */
export function fileUrl(
  { endpoint }: HubConfig,
  repo: string,
  { commit, path }: { commit: string; path: string },
): string {
  return `${endpoint}/${repo}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** A small file of a repository. Throws RpcError MODEL_LOAD_FAILED. */
export async function readText(hub: HubConfig, repo: string, file: { commit: string; path: string }): Promise<string> {
  const response = await ask(hub, fileUrl(hub, repo, file).slice(hub.endpoint.length + 1));
  if (!response.ok) throw failed(`${file.path} of ${repo} cannot be read: ${statusOf(response)}`);
  return response.text();
}

/** Asks with the token, which fetch leaves out when it is sent on to another host. */
async function ask(hub: HubConfig, path: string): Promise<Response> {
  const headers = hub.token === undefined ? {} : { authorization: `Bearer ${hub.token}` };
  try {
    return await fetch(`${hub.endpoint}/${path}`, { headers, signal: AbortSignal.timeout(answerMs) });
  } catch (error) {
    throw failed(
      `${hub.endpoint} cannot be reached (${reasonOf(error)}): connect this machine, set HF_ENDPOINT to a mirror, ` +
        "or copy the files here and give their paths instead",
    );
  }
}

async function refusal(hub: HubConfig, repo: string, response: Response): Promise<RpcError> {
  // Without a token the hub says 401 to whatever is not public, and to what does not exist.
  const { status } = response;
  if (status === 403) return failed(`${repo} is not open to this HF_TOKEN: ask for access at ${hub.endpoint}/${repo}`);
  if (status !== 401 && status !== 404) return failed(`${hub.endpoint} answers ${statusOf(response)} for ${repo}`);
  const others = await othersOf(hub, repo);
  const access = hub.token === undefined ? ", or is not public: check the name, or set HF_TOKEN" : ": check the name";
  return failed(`${repo} is not at ${hub.endpoint}${access}${others}`);
}

/** What else the owner has, for those who misspelt the second half. */
async function othersOf(hub: HubConfig, repo: string): Promise<string> {
  const [owner = ""] = repo.split("/");
  try {
    const response = await ask(hub, `api/models?author=${encodeURIComponent(owner)}&filter=gguf&limit=10`);
    const names = namesSchema.parse(await response.json()).map(({ id }) => id);
    return names.length === 0 ? "" : ` (${owner} has ${names.join(", ")})`;
  } catch {
    return "";
  }
}

function isRelative(path: string): boolean {
  return !/^\/|\\|\0/.test(path) && !path.split("/").some((part) => part === "" || part === "." || part === "..");
}

function statusOf({ status, statusText }: Response): string {
  return `${status} ${statusText}`.trim();
}

/** fetch says "fetch failed", and its cause what failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${answerMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join("; ");
  return cause instanceof Error ? cause.message : error.message;
}

function failed(message: string): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, message);
}
