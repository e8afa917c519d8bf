import { optionalFlag, optionalInteger, optionalText } from "../run/expect.ts";
import { iterate } from "../values/iterate.ts";
import { escapeHtml } from "../values/escape-html.ts";
import { textOf } from "../values/text.ts";
import { filter } from "./filter.ts";

// What Jinja2 takes for an address: a scheme or www with any domain, a domain under one of the oldest endings, an IP.
const word = String.raw`[\p{L}\p{N}_%-]`;
const anyDomain = String.raw`(?:https?:\/\/|www\.)(?:${word}+\.)*(?:[a-z]{2,63}|xn--[\p{L}\p{N}_%]{2,59})`;
const plainDomain = String.raw`(?:${word}{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)`;
const ip = String.raw`https?:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])`;
const address = new RegExp(String.raw`^(?:${anyDomain}|${plainDomain}|${ip})(?::\d{1,5})?(?:[\/?#]\S*)?$`, "iu");
const mailbox = /^\S+@[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[\p{L}\p{N}_]+$/u;
const brackets = [
  ["(", ")"],
  ["<", ">"],
  ["&lt;", "&gt;"],
] as const;

/** Jinja's filter that makes links of the addresses in a text. */
export const urlize = filter(
  ["trim_url_limit?", "nofollow?", "target?", "rel?", "extra_schemes?"],
  (value, [limit, nofollow, target, rel, schemes], { budget }) => {
    const text = escapeHtml(value, textOf(value, budget));
    budget.chargeText(4 * text.length);
    const relations = new Set(["noopener", ...(optionalFlag(nofollow) ? ["nofollow"] : [])]);
    for (const relation of optionalText(rel ?? "", "").split(/\s+/)) if (relation !== "") relations.add(relation);
    const attribute = (name: string, content: string) => ` ${name}="${escapeHtml(content, content)}"`;
    const aim = target === undefined || target === null ? "" : optionalText(target, "");
    const attributes =
      attribute("rel", [...relations].toSorted().join(" ")) + (aim === "" ? "" : attribute("target", aim));
    const max = optionalInteger(limit, Number.POSITIVE_INFINITY);
    const more = [...(schemes === undefined || schemes === null ? [] : (iterate(schemes) ?? []))];
    const extraSchemes = more.map((scheme) => textOf(scheme, budget));
    const shown = (url: string) => ([...url].length > max ? `${[...url].slice(0, max).join("")}...` : url);
    const link = (middle: string): string => {
      if (address.test(middle)) {
        const href = /^https?:\/\//.test(middle) ? middle : `https://${middle}`;
        return `<a href="${href}"${attributes}>${shown(middle)}</a>`;
      }
      if (middle.startsWith("mailto:") && mailbox.test(middle.slice(7)))
        return `<a href="${middle}">${middle.slice(7)}</a>`;
      if (!middle.startsWith("www.") && !middle.includes(":") && mailbox.test(middle))
        return `<a href="mailto:${middle}">${middle}</a>`;
      const scheme = extraSchemes.find((each) => middle !== each && middle.startsWith(each));
      return scheme === undefined ? middle : `<a href="${middle}"${attributes}>${middle}</a>`;
    };
    return text
      .split(/(\s+)/)
      .map((each) => linkWord(each, link))
      .join("");
  },
);

/** A word with what is between its brackets and full stops made a link. */
function linkWord(text: string, link: (middle: string) => string): string {
  const head = /^(?:[(<]|&lt;)+/.exec(text)?.[0] ?? "";
  let middle = text.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  middle = middle.slice(0, middle.length - tail.length);
  // A bracket that opens within the address closes there as well.
  for (const [open, close] of brackets) {
    const opened = count(middle, open);
    if (opened <= count(middle, close)) continue;
    for (let left = Math.min(opened, count(tail, close)); left > 0; left--) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + link(middle) + tail;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
