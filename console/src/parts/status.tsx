// The status of recipients as a word, as a bar, and as both.

import type { MailingCounts, RecipientStatus } from "mmms-client";
import { number } from "../words/figures.js";
import {
  acceptedOf,
  isKnown,
  isOpen,
  STATUSES,
  type Status,
  statusMeanings,
  statusNames,
  TROUBLE_FIRST,
  totalOf,
} from "../words/statuses.js";

export function Badge({ status }: { status: RecipientStatus }) {
  // A newer service may have a status without words in this page: then the status itself is shown.
  if (!isKnown(status)) return <span class="badge">{status}</span>;
  return (
    <span class={`badge is-${status}`} title={statusMeanings[status]}>
      {statusNames[status]}
    </span>
  );
}

/** The number of recipients that have reached an end, of all. */
export function doneOf(counts: MailingCounts): { done: number; total: number; percent: number } {
  const total = totalOf(counts);
  const done = total - counts.queued - counts.sending;
  // The share is rounded down, so that 100 % means all of them.
  return { done, total, percent: total ? Math.floor((done * 100) / total) : 100 };
}

/** The share of sent recipients, because readers take a percentage without a word for it. */
export function sentShare(counts: MailingCounts): string {
  const total = totalOf(counts);
  const accepted = acceptedOf(counts);
  const percent = total ? Math.floor((accepted * 100) / total) : 0;
  return `${accepted > 0 && percent === 0 ? "< 1" : percent} %`;
}

export function inWords(counts: MailingCounts, of: readonly Status[] = TROUBLE_FIRST): string {
  const parts = of.filter((status) => counts[status] > 0);
  return parts.map((status) => `${number(counts[status])} ${statusNames[status].toLowerCase()}`).join(", ");
}

export function Progress({ counts, of, large = false }: { counts: MailingCounts; of: string; large?: boolean }) {
  const { percent } = doneOf(counts);
  return (
    <div
      class={large ? "bar is-large" : "bar"}
      role="progressbar"
      aria-label={`Progress of ${of}`}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={`${percent} percent done: ${inWords(counts)}`}
      data-open={isOpen(counts)}
    >
      {partsOf(counts).map(({ status, start, share }) => (
        <span
          key={status}
          class={`is-${status}`}
          style={{ transform: `translateX(${start * 100}%) scaleX(${share})` }}
        />
      ))}
    </div>
  );
}

/** The least width of a part, so that one failed recipient among ten thousand is visible. */
const LEAST_SHARE = 0.01;

/** Each status of the bar: where it begins, and its share of the whole. */
function partsOf(counts: MailingCounts): { status: Status; start: number; share: number }[] {
  const all = Math.max(1, totalOf(counts));
  const widths = STATUSES.map((status) => (counts[status] > 0 ? Math.max(LEAST_SHARE, counts[status] / all) : 0));
  const total = Math.max(
    1,
    widths.reduce((sum, width) => sum + width, 0),
  );
  let before = 0;
  return STATUSES.map((status, at) => {
    const share = (widths[at] ?? 0) / total;
    const part = { status, start: before, share };
    before += share;
    return part;
  });
}

/** A number in a space that fits its largest possible value, so that its neighbours do not move. */
export function Figure({ value, most }: { value: number; most: number }) {
  return (
    <strong class="figure" style={{ minWidth: `${number(most).length + 0.5}ch` }}>
      {number(value)}
    </strong>
  );
}
