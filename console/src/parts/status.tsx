// Where recipients are: as a word, as a bar, and as both.

import type { Counts, Status } from "mmms-client";
import { number } from "../words/figures.js";
import { isOpen, STATUSES, statusMeanings, statusNames, totalOf } from "../words/statuses.js";

export function Badge({ status }: { status: Status }) {
  return (
    <span class={`badge is-${status}`} title={statusMeanings[status]}>
      {statusNames[status]}
    </span>
  );
}

/** All that have come to an end, of all. */
export function doneOf(counts: Counts): { done: number; total: number; percent: number } {
  const total = totalOf(counts);
  const done = total - counts.queued - counts.sending;
  // Rounded down: 100 % is only for all of them.
  return { done, total, percent: total ? Math.floor((done * 100) / total) : 100 };
}

export function inWords(counts: Counts): string {
  const parts = STATUSES.filter((status) => counts[status] > 0);
  return parts.map((status) => `${number(counts[status])} ${statusNames[status].toLowerCase()}`).join(", ");
}

export function Progress({ counts, of, large = false }: { counts: Counts; of: string; large?: boolean }) {
  const { percent } = doneOf(counts);
  return (
    <div
      class={large ? "bar is-large" : "bar"}
      role="progressbar"
      aria-label={`Progress of ${of}`}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={`${percent} percent: ${inWords(counts)}`}
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

/** Each status of the bar: where it begins, and its share of the whole. */
function partsOf(counts: Counts): { status: Status; start: number; share: number }[] {
  const total = Math.max(1, totalOf(counts));
  let before = 0;
  return STATUSES.map((status) => {
    const part = { status, start: before / total, share: counts[status] / total };
    before += counts[status];
    return part;
  });
}

/** A number in a space that is wide enough for the largest that it can become, so that what is beside it stays. */
export function Figure({ value, most }: { value: number; most: number }) {
  return (
    <strong class="figure" style={{ minWidth: `${number(most).length + 0.5}ch` }}>
      {number(value)}
    </strong>
  );
}
