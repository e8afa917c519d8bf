import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeFile {
  readonly content: Buffer;
  /** What the hub says of it, where that is not the truth. */
  readonly sha256?: string;
  readonly saysBytes?: number;
  /** How long its transfers say that it is. */
  readonly sizeBytes?: number;
}

/** A request for a part of a file, and how much of it was sent. */
export interface Transfer {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  bytes: number;
}

export interface FakeHub extends AsyncDisposable {
  /** For HF_ENDPOINT. */
  readonly url: string;
  /** Of requests that were answered. */
  readonly requests: string[];
  readonly transfers: Transfer[];
  /** Files are sent up to so many bytes of a request, and then nothing comes. */
  stallAfter: number;
  /** It has the files itself. */
  isMirror: boolean;
  /** Unset: whoever asks is answered. */
  token: string | undefined;
  close(): Promise<void>;
}

export const fakeCommit = "0123456789abcdef0123456789abcdef01234567";

/** Stands in for huggingface.co, with these files by repository and path. */
export async function startFakeHub(
  repos: Readonly<Record<string, Readonly<Record<string, FakeFile>>>>,
): Promise<FakeHub> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const hub: FakeHub = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    transfers: [],
    stallAfter: Infinity,
    isMirror: false,
    token: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await hub.close();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", hub.url);
    hub.requests.push(url.pathname);
    const path = decodeURIComponent(url.pathname.slice(1));
    const { authorization } = request.headers;
    if (path.startsWith("cdn/"))
      return send(request, response, Buffer.from(path.slice("cdn/".length), "base64url").toString());
    if (hub.token !== undefined && authorization !== `Bearer ${hub.token}`) return json(response, 401, {});
    if (path === "api/models") {
      const author = url.searchParams.get("author");
      const names = Object.keys(repos).filter((name) => name.startsWith(`${author}/`));
      return json(
        response,
        200,
        names.map((id) => ({ id })),
      );
    }
    const [, asked] = /^api\/models\/(.+)$/.exec(path) ?? [];
    if (asked !== undefined) {
      const repo = repos[asked];
      return repo === undefined ? json(response, 401, {}) : json(response, 200, describe(repo));
    }
    if (hub.isMirror) return send(request, response, path);
    // As there, the files themselves are on another host, under other names.
    const name = Buffer.from(path).toString("base64url");
    response.writeHead(302, { location: `http://localhost:${port}/cdn/${name}` }).end();
  }

  function describe(repo: Readonly<Record<string, FakeFile>>): object {
    const siblings = Object.entries(repo).map(([rfilename, { content, sha256, sizeBytes, saysBytes }]) => ({
      rfilename,
      size: saysBytes ?? sizeBytes ?? content.length,
      ...(rfilename.endsWith(".gguf") && {
        lfs: { sha256: sha256 ?? createHash("sha256").update(content).digest("hex") },
      }),
    }));
    return { sha: fakeCommit, siblings };
  }

  function send(request: IncomingMessage, response: ServerResponse, resolved: string): void {
    const [, repo = "", path = ""] = new RegExp(`^(.+)/resolve/${fakeCommit}/(.+)$`).exec(resolved) ?? [];
    const file = repos[repo]?.[path];
    if (file === undefined) return json(response, 404, {});
    const { range, authorization } = request.headers;
    const transfer: Transfer = { path, range, authorization, bytes: 0 };
    if (request.method !== "HEAD") hub.transfers.push(transfer);
    const size = file.sizeBytes ?? file.content.length;
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    const [start, end] = [Number(from), to === "" ? size : Number(to) + 1];
    response.writeHead(range === undefined ? 200 : 206, {
      "accept-ranges": "bytes",
      etag: `"${createHash("sha256").update(file.content).digest("hex")}"`,
      "content-length": end - start,
      ...(range !== undefined && { "content-range": `bytes ${start}-${end - 1}/${size}` }),
    });
    if (request.method === "HEAD") return void response.end();
    const part = file.content.subarray(start, Math.min(end, start + hub.stallAfter));
    transfer.bytes = part.length;
    response.write(part);
    if (part.length === end - start) response.end();
  }
  return hub;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
