// The data of a page, requested again and again while the page is visible.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "./fault.js";
import { bar } from "./session.js";

export interface Live<T> {
  value: T | null;
  /** The fault of the last request; `value` is then the earlier value. */
  fault: Fault | null;
  /** Requests at once, for example after a change. */
  refresh: () => void;
  change: (change: (value: T) => T) => void;
}

/** Requests now, and then `pause(value)` milliseconds after each answer; not while the page is hidden. */
export function useLive<T>(
  load: (signal: AbortSignal, before: T | null) => Promise<T>,
  pause: (value: T | null) => number,
  about: readonly unknown[],
): Live<T> {
  const [state, setState] = useState<{ value: T | null; fault: Fault | null }>({ value: null, fault: null });
  const last = useRef<T | null>(null);
  const look = useRef(() => {});

  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let running = false;
    let again = false;
    last.current = null;
    setState({ value: null, fault: null });

    const run = async () => {
      clearTimeout(timer);
      if (running) {
        again = true;
        return;
      }
      running = true;
      again = false;
      let fault: Fault | null = null;
      try {
        const value = await load(AbortSignal.any([ended.signal, AbortSignal.timeout(35_000)]), last.current);
        if (!ended.signal.aborted) last.current = value;
      } catch (error) {
        fault = faultOf(error);
      }
      running = false;
      if (ended.signal.aborted) return;
      if (fault?.type === "authentication_error") {
        bar();
        return;
      }
      setState({ value: last.current, fault });
      if (again) void run();
      else if (!document.hidden) timer = setTimeout(run, fault ? 5_000 : pause(last.current));
    };
    const onVisible = () => (document.hidden ? clearTimeout(timer) : void run());

    look.current = () => void run();
    document.addEventListener("visibilitychange", onVisible);
    void run();
    return () => {
      ended.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, about);

  return {
    ...state,
    refresh: () => look.current(),
    change: (change) => {
      if (last.current === null) return;
      last.current = change(last.current);
      setState({ value: last.current, fault: null });
    },
  };
}
