import DOMPurify from "dompurify";
import { Lexer, Marked, type Token } from "marked";
import { highlight } from "./highlight.ts";

/** A part of an answer between blank lines, as far as it matters for showing it. */
export type Block =
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  /** `source` is the Markdown that `html` was made of. */
  | { readonly kind: "prose"; readonly source: string; readonly html: () => string };

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // An answer is below the page's own headings.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    // An answer must not make the browser call somebody: a picture's address can say what was talked about.
    image({ href, text }) {
      return `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`;
    },
    code({ text, lang }) {
      return `<pre><code>${highlight(text, lang ?? "")}</code></pre>`;
    },
    html({ text }) {
      return escapeHtml(text);
    },
  },
});

/**
 * Cuts Markdown into blocks, of which only the last one changes while a text arrives: what is above need not be made
 * again. The HTML is safe to insert: raw HTML is shown as text, and the rest is sanitised.
 */
export function markdownBlocks(markdown: string): Block[] {
  const tokens = new Lexer(marked.defaults).lex(markdown);
  return tokens.filter(({ type }) => type !== "space").map(toBlock);
}

function toBlock(token: Token): Block {
  if (token.type === "code") {
    const { text, lang } = token as { text: string; lang?: string };
    return { kind: "code", language: /^\S*/.exec(lang ?? "")?.[0] ?? "", text };
  }
  return { kind: "prose", source: token.raw, html: () => sanitise(marked.parser([token])) };
}

const allowed = {
  ALLOWED_TAGS: (
    "p br hr strong em del code pre span blockquote ul ol li a h1 h2 h3 h4 h5 h6 " + "table thead tbody tr th td input"
  ).split(" "),
  ALLOWED_ATTR: ["href", "target", "rel", "class", "start", "align", "type", "checked", "disabled"],
  // Only what leads out of this page.
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

// What an answer links to opens beside the conversation, and learns nothing of it.
DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

function sanitise(html: string): string {
  return DOMPurify.sanitize(html, allowed);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
