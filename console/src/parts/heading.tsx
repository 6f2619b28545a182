import type { ComponentChildren } from "preact";

/** The page's name, which gets the focus when the page opens, and the actions on the whole page. */
export function Heading({ children, beside }: { children: ComponentChildren; beside?: ComponentChildren }) {
  return (
    <div class="heading">
      <h1 tabIndex={-1} dir="auto">
        {children}
      </h1>
      {beside && <div class="actions">{beside}</div>}
    </div>
  );
}
