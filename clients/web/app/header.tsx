import { chooseLanguage, type Language, language, languages, t } from "../i18n/language.ts";
import { connectionState, hasKey } from "../server/connection.ts";
import { Icon, type IconName } from "./icon.tsx";
import { isKeyDialogOpen } from "./key-dialog.tsx";
import { linkTo, type Page, route } from "./route.ts";
import { applyTheme, type Theme, theme, themes } from "./theme.ts";

const pages = ["chat", "models", "requests"] as const satisfies readonly Page[];
const languageNames: Readonly<Record<Language, string>> = { en: "English", ja: "日本語" };
const themeIcons: Readonly<Record<Theme, IconName>> = { auto: "system", light: "sun", dark: "moon" };

/** The line at the top: where one can go, and how the page looks and speaks. */
export function Header() {
  const needsKey = connectionState.value === "locked" || hasKey.value;
  return (
    <header class="header">
      <a class="brand" href={linkTo({ page: "chat" })}>
        <img src="./icon.svg" alt="" width="24" height="24" />
        <span>Tokenwire</span>
      </a>
      <nav aria-label={t.value.mainNavigation}>
        {pages.map((page) => (
          <a key={page} href={linkTo({ page })} aria-current={route.value.page === page ? "page" : undefined}>
            {t.value[page]}
          </a>
        ))}
        <a href="./docs">{t.value.apiDocs}</a>
      </nav>
      <div class="header-tools">
        {needsKey && (
          <button
            type="button"
            class="icon-button"
            aria-label={t.value.keyTitle}
            title={t.value.keyTitle}
            onClick={() => (isKeyDialogOpen.value = true)}
          >
            <Icon name="key" />
          </button>
        )}
        <ThemeButton />
        <select
          class="language-select"
          aria-label={t.value.language}
          value={language.value}
          onChange={({ currentTarget }) => chooseLanguage(currentTarget.value as Language)}
        >
          {languages.map((code) => (
            <option key={code} value={code} lang={code}>
              {languageNames[code]}
            </option>
          ))}
        </select>
      </div>
    </header>
  );
}

function ThemeButton() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "auto";
  const label = `${t.value.theme}: ${t.value.themes[theme.value]}`;
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={() => applyTheme(next)}>
      <Icon name={themeIcons[theme.value]} />
    </button>
  );
}
