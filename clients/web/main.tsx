import { render } from "preact";
import { App } from "./app/app.tsx";
import { applyTheme } from "./app/theme.ts";
import { loadConversations } from "./chat/conversation-store.ts";
import { watchModels } from "./server/models.ts";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/chat.css";
import "./styles/markdown.css";
import "./styles/models.css";

applyTheme();
await loadConversations();
const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");
render(<App />, root);
watchModels();
