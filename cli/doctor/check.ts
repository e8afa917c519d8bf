/** What was found in one place. */
export interface Check {
  readonly name: string;
  /** fail: the server cannot start so; warn: it starts, with less than there could be. */
  readonly status: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}
