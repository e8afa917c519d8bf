import { defineConfig, type Plugin } from "vite";
import { z } from "zod";
import { generationOptions } from "../trpc/inputs.ts";

const optionsModule = "virtual:generation-options";

/** Hands the page the JSON Schema of the generation options as data, so that it need not carry zod. */
function generationOptionsSchema(): Plugin {
  return {
    name: "generation-options",
    resolveId: (id) => (id === optionsModule ? `\0${optionsModule}` : undefined),
    load(id) {
      if (id !== `\0${optionsModule}`) return undefined;
      const { properties } = z.toJSONSchema(generationOptions, { io: "input" });
      return `export const generationOptions = ${JSON.stringify(properties)};`;
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  // The page works under any path, whatever proxy is in front.
  base: "./",
  plugins: [generationOptionsSchema()],
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
