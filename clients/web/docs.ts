import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { readText } from "./app/stored.ts";
import { theme } from "./app/theme.ts";
import "swagger-ui-dist/swagger-ui.css";
import "./styles/docs.css";

const key = readText("key");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
// The class that Swagger UI's dark colours hang on.
const showColors = () => {
  const isDark = theme.value === "auto" ? systemIsDark.matches : theme.value === "dark";
  document.documentElement.classList.toggle("dark-mode", isDark);
};
showColors();
systemIsDark.addEventListener("change", showColors);

const here = new URL(".", document.baseURI);
const spec = (await (await fetch(new URL("openapi.json", here))).json()) as Record<string, unknown>;

// The viewer of the OpenAPI document: each route can be tried from here.
const ui = SwaggerUI({
  // As this page was reached, whatever the server knows of proxies before it.
  spec: { ...spec, servers: [{ url: here.href.replace(/\/$/, "") }] },
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // The key that the chat uses, so that it need not be given twice.
  onComplete() {
    if (key !== undefined) ui.preauthorizeApiKey("bearer", key);
  },
});
