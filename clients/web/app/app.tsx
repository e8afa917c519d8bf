import { effect } from "@preact/signals";
import { ChatPage } from "../chat/chat-page.tsx";
import { language, t } from "../i18n/language.ts";
import { ModelsPage } from "../models/models-page.tsx";
import { RequestsPage } from "../models/requests-page.tsx";
import { Header } from "./header.tsx";
import { KeyDialog } from "./key-dialog.tsx";
import { type Page, route } from "./route.ts";
import { StatusBar } from "./status-bar.tsx";

effect(() => void (document.documentElement.lang = language.value));

/** The whole page. */
export function App() {
  const { page } = route.value;
  return (
    <>
      <a class="skip-link" href="#content" onClick={skipToContent}>
        {t.value.skipToContent}
      </a>
      <Header />
      <StatusBar />
      <main id="content" tabIndex={-1}>
        {pageOf(page)}
      </main>
      <KeyDialog />
    </>
  );
}

function pageOf(page: Page) {
  switch (page) {
    case "chat":
      return <ChatPage />;
    case "models":
      return <ModelsPage />;
    case "requests":
      return <RequestsPage />;
  }
}

/** The address's `#` says which page is open, so the link itself must not change it. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
