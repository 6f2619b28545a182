import { signal } from "@preact/signals";
import { ago, moment } from "../words/figures.js";

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 10_000);

/** A time relative to now, with the exact time in the title. */
export function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} title={moment(time)}>
      {ago(time, now.value)}
    </time>
  );
}
