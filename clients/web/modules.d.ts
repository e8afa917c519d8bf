/** The JSON Schema of `options` in a chat's input, made by vite.config.ts. */
declare module "virtual:generation-options" {
  import type { GenerationOptionName, OptionSchema } from "./chat/generation-options.ts";

  export const generationOptions: Readonly<Record<GenerationOptionName, OptionSchema>>;
}

declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  import type { SwaggerUIBundle } from "swagger-ui-dist";

  const SwaggerUI: typeof SwaggerUIBundle;
  export default SwaggerUI;
}
