import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const candidates = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));

/** Whether there is a browser on this machine; where there is none, tests that need one are skipped, and say so. */
export const hasBrowser = executablePath !== undefined;
if (!hasBrowser)
  console.warn("no Chromium was found: the tests of the web page are skipped (CHROMIUM=/path says where)");

/** A browser for the tests of a file. */
export async function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error("there is no browser here");
  // Without its own sandbox, which root may not have; it shows our own pages only.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** A page of a fresh profile; `problems` gathers what its console complains of, the content security policy included. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly problems: string[];
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  // A busy machine takes its time; what never comes fails before the test does.
  page.setDefaultTimeout(25_000);
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url);
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}
