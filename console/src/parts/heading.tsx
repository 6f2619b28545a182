import type { ComponentChildren } from "preact";

/** The page's name, where the focus goes when it opens, and what can be done on the whole of it. */
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
