import { memo } from "preact/compat";
import { CodeBlock } from "./code-block.tsx";
import { markdownBlocks } from "./render-markdown.ts";

/** Shows Markdown; while it grows, only its last block is made again. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div class="markdown">
      {markdownBlocks(text).map((block, index) =>
        block.kind === "code" ? (
          <CodeBlock key={index} language={block.language} text={block.text} />
        ) : (
          <Prose key={index} source={block.source} html={block.html} />
        ),
      )}
    </div>
  );
}

interface ProseProps {
  readonly source: string;
  readonly html: () => string;
}

const Prose = memo(
  ({ html }: ProseProps) => <div class="prose" dangerouslySetInnerHTML={{ __html: html() }} />,
  (before, after) => before.source === after.source,
);
