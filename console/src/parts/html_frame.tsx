// The HTML of a mail, in a frame in which no script runs and from which nothing can be opened.

import { useRef } from "preact/hooks";

/** Marks the styles that the page's policy does not let the frame read from the HTML. */
const MARK = "data-mail-style";

export function HtmlFrame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  return (
    <iframe
      ref={frame}
      title={title}
      // The page needs access to the frame for the styles; without `allow-scripts` its content has no access to the
      // page.
      sandbox="allow-same-origin"
      srcdoc={marked(html)}
      onLoad={() => frame.current && applyStyles(frame.current)}
    />
  );
}

/** Replaces every inline style by a mark: the frame has the page's policy, which forbids inline styles. */
function marked(html: string): string {
  const withoutBlocks = html.replace(
    /<style\b([^>]*)>([\s\S]*?)<\/style\s*>/gi,
    `<script type="text/css" ${MARK}$1>$2</script>`,
  );
  return withoutBlocks.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle(?=\s*=)/gi, ` ${MARK}`));
}

/** Adds the styles again as objects, which the policy allows. */
function applyStyles({ contentDocument: inner, contentWindow: view }: HTMLIFrameElement): void {
  if (!inner || !view) return;
  for (const element of inner.querySelectorAll<HTMLElement>(`body [${MARK}], body[${MARK}]`)) {
    if (element.style) element.style.cssText = element.getAttribute(MARK) ?? "";
  }
  const { CSSStyleSheet: Sheet } = view as unknown as typeof globalThis;
  inner.adoptedStyleSheets = [...inner.querySelectorAll(`script[${MARK}]`)].map((block) => {
    const sheet = new Sheet({ media: block.getAttribute("media") ?? "" });
    sheet.replaceSync(block.textContent ?? "");
    return sheet;
  });
}
