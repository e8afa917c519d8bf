import { defineConfig } from "vite";

/** The tRPC client as one file that a page loads without a bundler. */
export default defineConfig({
  build: {
    outDir: "dist",
    // Beside what tsc has written.
    emptyOutDir: false,
    target: "es2022",
    lib: {
      entry: `${import.meta.dirname}/../../clients/trpc/client.ts`,
      formats: ["es"],
      fileName: () => "browser.js",
    },
  },
});
