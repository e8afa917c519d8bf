/** What this page uses of Swagger UI's bundle for ES modules, which comes without types. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface Viewer {
    preauthorizeApiKey(scheme: string, key: string): void;
  }

  export default function SwaggerUI(options: {
    readonly spec: object;
    readonly dom_id: string;
    readonly onComplete: () => void;
    readonly [option: string]: unknown;
  }): Viewer;
}
