import { useEffect, useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { shortId } from "../words/figures.js";
import { announce } from "./news.js";

/** Returns false where the page has no clipboard, which browsers offer only over HTTPS and on this machine. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function CopyButton({ text, what, label }: { text: string; what: string; label?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    const copied = await write(text);
    setDone(copied);
    announce(copied ? `${what} copied` : `This browser does not let the page copy. Select the text by hand: ${text}`);
  };
  return (
    <button
      type="button"
      class={label ? "button" : "copy"}
      onClick={copy}
      aria-label={label ? undefined : `Copy ${what}`}
    >
      <Icon name={done ? "done" : "copy"} />
      {label && <span>{label}</span>}
    </button>
  );
}

/** An id with a button that copies the whole of it. */
export function CopyId({ id, what, whole = false }: { id: string; what: string; whole?: boolean }) {
  return (
    <span class="copy-id">
      <code title={id}>{whole ? id : shortId(id)}</code>
      <CopyButton text={id} what={what} />
    </span>
  );
}
