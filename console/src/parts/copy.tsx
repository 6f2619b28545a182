import { useEffect, useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { shortId } from "../words/figures.js";
import { tell } from "./news.js";

/** Also where the page has no clipboard, which browsers keep for HTTPS and this machine. */
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
    tell(copied ? `${what} copied` : `This browser does not let the page copy: select it by hand. ${text}`);
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
