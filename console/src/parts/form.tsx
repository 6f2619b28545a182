// A form that shows errors at its fields, and moves the focus to the first field with an error.

import type { FieldError } from "mmms-client";
import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Fault } from "../fault.js";

interface Wrong {
  errors: readonly FieldError[];
  /** The controls that were changed since: their errors may no longer be true. */
  changed: ReadonlySet<string>;
}

const NOTHING: Wrong = { errors: [], changed: new Set() };
const Faults = createContext(NOTHING);

/** The errors of a field of the API, or of one of its entries. */
export function useErrors(field: string | undefined, id: string): readonly string[] {
  const { errors, changed } = useContext(Faults);
  if (field === undefined || changed.has(id)) return [];
  const own = errors.filter((error) => error.field === field || error.field.startsWith(`${field}.`));
  return own.map(({ message }) => message);
}

interface Filled {
  fault: Fault | null;
  submit: () => void;
  children: ComponentChildren;
  class?: string;
}

export function Form({ fault, submit, children, class: look }: Filled) {
  const form = useRef<HTMLFormElement>(null);
  const [edits, setEdits] = useState<{ since: Fault | null; ids: ReadonlySet<string> }>({
    since: null,
    ids: new Set(),
  });
  const changed = edits.since === fault ? edits.ids : NOTHING.changed;
  useEffect(() => {
    if (!fault) return;
    const invalid = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    invalid?.closest("details")?.setAttribute("open", "");
    (invalid ?? form.current?.querySelector<HTMLElement>(".notice.is-bad"))?.focus();
  }, [fault]);
  return (
    <form
      ref={form}
      class={look}
      noValidate
      onInput={({ target }) => {
        if (fault && target instanceof HTMLElement) setEdits({ since: fault, ids: new Set([...changed, target.id]) });
      }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Faults.Provider value={{ errors: fault?.errors ?? [], changed }}>{children}</Faults.Provider>
    </form>
  );
}
