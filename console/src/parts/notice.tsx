// Faults in plain words, with the service's own message after them.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Fault } from "../fault.js";
import { CopyId } from "./copy.js";

interface Faulty {
  fault: Fault;
  /** The label of a field of the API. */
  nameOf?: (field: string) => string;
}

export function FaultNotice({ fault, nameOf = (field) => field }: Faulty) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [fault]);
  const own = [fault.message, fault.details].filter((text) => text !== null && text !== "");
  return (
    <div class="notice is-bad" role="alert" ref={place} tabIndex={-1}>
      <p class="notice-title">{fault.title}</p>
      <p>{fault.remedy}</p>
      {fault.errors.length > 0 && (
        <ul>
          {fault.errors.map(({ field, message }, at) => (
            <li key={at}>
              <strong dir="auto">{nameOf(field)}</strong> {message}
            </li>
          ))}
        </ul>
      )}
      {own.length > 0 && <p class="soft">The service says: {own.join(" – ")}</p>}
      {fault.requestId && (
        <p class="soft">
          Request <CopyId id={fault.requestId} what="the request's id" whole />
        </p>
      )}
    </div>
  );
}

/** Says that the page shows earlier data. The message has a place of its own and covers nothing. */
export function Stale({ fault, has }: { fault: Fault | null; has: boolean }) {
  if (!fault || !has) return null;
  return (
    <p class="stale" role="alert">
      {fault.title}. The page shows earlier data and keeps trying.
    </p>
  );
}

export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A placeholder of the same height as the content that is loading. */
export function Skeleton({ rows, kind }: { rows: number; kind: string }) {
  return (
    <div class="skeleton" aria-busy="true" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} class={kind} />
      ))}
    </div>
  );
}
