// A message about the last action: shown at the foot of the page, and announced to screen readers by its role.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const SHOWN_MS = 6_000;
const news = signal<{ text: string; at: number } | null>(null);

export function announce(text: string): void {
  news.value = { text, at: Date.now() };
}

/** Removes the message, because another action begins. */
export function hush(): void {
  news.value = null;
}

export function News() {
  const said = news.value;
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => {
      news.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="news" role="status">
      {said && <p key={said.at}>{said.text}</p>}
    </div>
  );
}
