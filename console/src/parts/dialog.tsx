// A dialog over the page. The browser keeps the focus in it, and returns it afterwards.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "../fault.js";
import { Form } from "./form.js";
import { hush } from "./news.js";
import { FaultNotice } from "./notice.js";

interface Shown {
  title: string;
  close: () => void;
  children: ComponentChildren;
  wide?: boolean;
  /** True if the Escape key must not close it. */
  firm?: boolean;
}

export function Dialog({ title, close, children, wide = false, firm = false }: Shown) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  const gone = useRef(false);
  // This runs before the browser paints: a key pressed before would move the focus of the page below.
  useLayoutEffect(() => {
    const asked = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      // While the dialog is open, no other element can have the focus.
      gone.current = true;
      shown?.close();
      const back = asked instanceof HTMLElement && asked !== document.body && asked.isConnected ? asked : null;
      back?.focus({ preventScroll: true });
      // The element may have been removed or disabled.
      if (!back || document.activeElement !== back) {
        document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
      }
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? "is-wide" : undefined}
      aria-labelledby={name}
      onCancel={(event) => {
        // The page closes it, as with a button: the browser would tell the page only after it has closed it, and by then
        // a key may have been pressed that opens the next dialog.
        event.preventDefault();
        if (!firm) close();
      }}
      // This event comes late, too: the next dialog may be open when it tells that this one was removed.
      onClose={() => gone.current || close()}
    >
      <h2 id={name} dir="auto">
        {title}
      </h2>
      {children}
    </dialog>
  );
}

interface Asked {
  title: string;
  children: ComponentChildren;
  /** The label of the button that confirms. */
  does: string;
  /** The label of the button that closes the dialog. */
  keeps?: string;
  dangerous?: boolean;
  wide?: boolean;
  act: () => Promise<void>;
  close: () => void;
  nameOf?: (field: string) => string;
}

/** Asks for confirmation before an action. `act` ends with the dialog closed or replaced. */
export function Question({ title, children, does, keeps = "Cancel", dangerous, wide, act, close, nameOf }: Asked) {
  const { busy, fault, run } = useAct(act);
  return (
    <Dialog title={title} close={close} wide={wide ?? false}>
      <Form fault={fault} submit={() => void run()}>
        {children}
        {fault && <FaultNotice fault={fault} {...(nameOf && { nameOf })} />}
        <div class="choices">
          <button type="button" class="button" onClick={close}>
            {keeps}
          </button>
          <button type="submit" class={dangerous ? "button is-danger" : "button is-primary"} aria-disabled={busy}>
            {does}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

/** Runs an action once at a time and keeps its fault. */
export function useAct(act: () => Promise<void>): { busy: boolean; fault: Fault | null; run: () => Promise<void> } {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const run = async () => {
    if (busy) return;
    setBusy(true);
    setFault(null);
    hush();
    try {
      await act();
    } catch (error) {
      setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, run };
}
