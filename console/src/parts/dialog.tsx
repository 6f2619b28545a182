// A question over the page. The browser keeps the focus in it, and gives it back afterwards.

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
  /** Not to be lost by the Escape key. */
  firm?: boolean;
}

export function Dialog({ title, close, children, wide = false, firm = false }: Shown) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  // Before the browser paints: a key pressed before then would move the focus of the page below.
  useLayoutEffect(() => {
    const asked = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      // While it is open, nothing else can have the focus.
      shown?.close();
      const back = asked instanceof HTMLElement && asked !== document.body && asked.isConnected ? asked : null;
      back?.focus({ preventScroll: true });
      // It may be gone, or be of no use any more.
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
      onCancel={(event) => firm && event.preventDefault()}
      onClose={close}
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
  /** What the button that does it says. */
  does: string;
  /** What the button that does not says. */
  keeps?: string;
  dangerous?: boolean;
  wide?: boolean;
  act: () => Promise<void>;
  close: () => void;
  nameOf?: (field: string) => string;
}

/** Says what will happen, and does it only then. `act` ends with the dialog closed or replaced. */
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

/** Does something once at a time and keeps what went wrong. */
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
