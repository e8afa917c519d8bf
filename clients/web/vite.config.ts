import { defineConfig } from "vite";
import { z } from "zod";
import { generationOptions } from "../trpc/inputs.ts";

/** The page needs the options' JSON Schema only, and so need not carry zod. */
const { properties } = z.toJSONSchema(generationOptions, { io: "input" });

export default defineConfig({
  root: import.meta.dirname,
  // The page works under any path, whatever proxy is in front.
  base: "./",
  define: { GENERATION_OPTIONS: JSON.stringify(properties) },
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: "chrome123",
    // The content security policy allows no data: scripts, styles or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: ["index.html", "docs.html"].map((page) => `${import.meta.dirname}/${page}`) },
  },
});
