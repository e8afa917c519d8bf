import { memo } from "preact/compat";
import { CopyButton } from "../app/copy-button.tsx";
import { highlight } from "./highlight.ts";

interface CodeBlockProps {
  readonly language: string;
  readonly text: string;
}

/** Code with its language's name and a button to copy it. */
export const CodeBlock = memo(({ language, text }: CodeBlockProps) => (
  <figure class="code-block">
    <figcaption>
      <span>{language}</span>
      <CopyButton text={text} />
    </figcaption>
    {/* Long lines are scrolled to with the keyboard, too. */}
    <pre tabIndex={0}>
      <code dangerouslySetInnerHTML={{ __html: highlight(text, language) }} />
    </pre>
  </figure>
));
