/** The paths that tell how the server is: open to all, served until the end, and too frequent for the log. */
export const probes: ReadonlySet<string> = new Set(["/health", "/ready", "/metrics"]);
