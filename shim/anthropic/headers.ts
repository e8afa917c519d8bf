import { invalidParameter } from "../../clients/errors.ts";

/**
 * The versions whose shapes these are: what came before them streamed otherwise. The later one has no sampling
 * parameters, which are served here under both.
 */
const versions = ["2023-06-01", "2026-10-21"];

/** Checks the headers of Anthropic's own. Betas are fields of the body, served or refused there by their names. */
export function readHeaders(header: (name: string) => string, warn: (text: string) => void): void {
  const asked = header("anthropic-version");
  if (asked !== "" && !versions.includes(asked)) {
    const message = `anthropic-version ${JSON.stringify(asked.slice(0, 64))} is not known: use ${versions.join(" or ")}`;
    throw invalidParameter("anthropic-version", message);
  }
  if (header("anthropic-beta") !== "") {
    warn("anthropic-beta has no effect: what is served of it needs no header, and the rest is refused by its field");
  }
}
