import { lookup as resolveName, type LookupAddress } from "node:dns";
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { MediaFault } from "../media-fault.ts";
import { isPublicAddress } from "./public-address.ts";

export interface FetchLimits {
  /** Names of hosts, `*.example.com` for all below one, `*` for all; empty: nothing is fetched. */
  readonly hosts: readonly string[];
  /** Whether hosts may have addresses that are not the public internet's. */
  readonly privateAddresses: boolean;
  readonly timeoutMs: number;
}

export interface FetchOptions {
  readonly limits: FetchLimits;
  /** Told of each piece that comes: throws when there are too many bytes. */
  readonly count: (bytes: number) => void;
  readonly signal: AbortSignal;
}

const maxRedirects = 3;

/**
 * Fetches a picture or a sound. Every address on the way, those of redirects too, is checked when the connection to it is
 * made, so that a name which is another host's by then leads nowhere. Nothing of the caller's is sent along. Throws a
 * MediaFault, or the signal's reason.
 */
export async function fetchMedia(url: URL, { limits, count, signal }: FetchOptions): Promise<Buffer> {
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const either = AbortSignal.any([signal, timeout]);
  try {
    let next = url;
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await open(next, limits, either);
      const location = redirectOf(response);
      if (location === undefined) return await readBody(response, count);
      response.destroy();
      next = follow(next, location);
    }
    throw new MediaFault(`is behind more than ${maxRedirects} redirects`);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new MediaFault(`did not come within ${limits.timeoutMs / 1_000} s`);
    if (error instanceof MediaFault) throw error;
    throw new MediaFault(`cannot be fetched: ${reasonOf(error)}`, { cause: error });
  }
}

/** Throws a MediaFault when a URL is none that may be fetched. */
export function checkUrl(url: URL, { hosts, privateAddresses }: FetchLimits): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new MediaFault(`is a ${url.protocol} URL: send the file itself, in a data: URL`);
  }
  const host = url.hostname
    .replace(/^\[|\]$/g, "")
    .toLowerCase()
    .replace(/\.$/, "");
  if (!hosts.some((rule) => allows(rule.toLowerCase(), host))) {
    const remedy = "send the file itself, in a data: URL";
    if (hosts.length === 0)
      throw new MediaFault(`is on another host, and media_url_hosts lets none be asked: ${remedy}`);
    throw new MediaFault(`is on ${host}, which media_url_hosts does not name: ${remedy}`);
  }
  if (url.username !== "" || url.password !== "")
    throw new MediaFault("has a name or password in it, which is not sent");
  if (isIP(host) !== 0) checkAddress(host, { privateAddresses });
}

function allows(rule: string, host: string): boolean {
  return rule === "*" || rule === host || (rule.startsWith("*.") && host.endsWith(rule.slice(1)));
}

function checkAddress(address: string, { privateAddresses }: Pick<FetchLimits, "privateAddresses">): void {
  if (!privateAddresses && !isPublicAddress(address)) {
    throw new MediaFault("is at a private address, where nothing is fetched from");
  }
}

/** A response's head, over a connection of its own to an address that was checked. */
function open(url: URL, limits: FetchLimits, signal: AbortSignal): Promise<IncomingMessage> {
  checkUrl(url, limits);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    agent: false,
    signal,
    headers: { accept: "image/*, audio/*", "accept-encoding": "identity", "user-agent": "tokenwire" },
    // What it answers is what is connected to: the name is not looked up again.
    lookup(name, wanted, done) {
      resolveName(name, { ...wanted, all: true }, (error, addresses) => {
        try {
          if (error !== null) throw error;
          for (const { address } of addresses) checkAddress(address, limits);
          const [first] = addresses;
          if (first === undefined) throw new MediaFault("is on a host without an address");
          if (wanted.all === true) done(null, addresses);
          else done(null, first.address, first.family);
        } catch (cause) {
          done(cause as NodeJS.ErrnoException, [] as LookupAddress[]);
        }
      });
    },
  };
  const request = url.protocol === "https:" ? requestHttps(url, options) : requestHttp(url, options);
  request.on("response", resolve);
  request.on("error", reject);
  request.end();
  return promise;
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
}

function follow({ href }: URL, location: string): URL {
  if (URL.canParse(location, href)) return new URL(location, href);
  throw new MediaFault("leads to an address that is not a URL");
}

async function readBody(response: IncomingMessage, count: FetchOptions["count"]): Promise<Buffer> {
  const { statusCode = 0 } = response;
  try {
    if (statusCode !== 200) throw new MediaFault(`cannot be fetched: its host answers ${statusCode}`);
    const pieces: Buffer[] = [];
    for await (const piece of response as AsyncIterable<Buffer>) {
      count(piece.length);
      pieces.push(piece);
    }
    if (!response.complete) throw new MediaFault("did not come whole");
    return Buffer.concat(pieces);
  } finally {
    response.destroy();
  }
}

/** Names of errors, which say no more of the network behind than is needed. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "the connection failed";
}
