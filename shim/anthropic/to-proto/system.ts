import type { TextContent } from "../schema/blocks.ts";

/** The text blocks of a content as texts. */
function textsOf(content: TextContent | null | undefined): string[] {
  if (content == null) return [];
  return typeof content === "string" ? [content] : content.map(({ text }) => text);
}

/** What Claude Code puts in front of its system prompt: it says who pays, and differs in every request. */
const billingHeader = /^x-anthropic-billing-header:[^\n]*\n*/;

/** A system prompt's texts, without the line that would keep every prompt's prefix from being found in the cache. */
export function systemTexts(content: TextContent | null | undefined): string[] {
  return textsOf(content).flatMap((text) => {
    const said = text.replace(billingHeader, "");
    return said === "" && text !== "" ? [] : [said];
  });
}
