/** The program of a worker. From compiled code the entry is compiled too. */
export const workerEntry = new URL(
  import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js",
  import.meta.url,
);
