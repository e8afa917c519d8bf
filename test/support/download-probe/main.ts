// To be started with a hub's address, a repository, a file in it and a folder: downloads the file, and says on stdout
// why it could not. In a process of its own, as a disk that is full may end it.
import { findModel } from "../../../services/engine/llama/hub/find-model.ts";

const [endpoint = "", repo = "", pattern = "", cacheDir = ""] = process.argv.slice(2);
const hub = { endpoint, token: undefined, cacheDir, offline: false };
try {
  await findModel(hub, { repo, pattern }, { onProgress: () => {}, log: () => {} });
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
process.exit(0);
