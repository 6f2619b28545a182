// Numbers and times, as people read them.

const numbers = new Intl.NumberFormat("en");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

export function number(value: number): string {
  return numbers.format(value);
}

export function counted(value: number, one: string, many: string): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** `850 ms`, `1.2 s`, `3 min`, `4.5 h`, `2 days`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  // The bounds fit the rounded text: 59.7 s is written as 1 min, not as 60 s.
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)} ms`;
  if (seconds < 59.5) return `${short(seconds)} s`;
  if (seconds < 59.5 * 60) return `${short(seconds / 60)} min`;
  if (seconds < 47.5 * 3600) return `${short(seconds / 3600)} h`;
  return `${short(seconds / 86_400)} days`;
}

function short(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** `850 B`, `12 kB`, `3.4 MB`. */
export function size(bytes: number): string {
  // The bounds fit the rounded text: 999,600 bytes are written as 1 MB, not as 1000 kB.
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${short(bytes / 1000)} kB`;
  return `${short(bytes / 1_000_000)} MB`;
}

export function ago(time: string, now: number): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  if (size < 60) return relative.format(seconds, "second");
  if (size < 59.5 * 60) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 23.5 * 3600) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86_400), "day");
}

export function moment(time: string): string {
  return absolute.format(new Date(time));
}

/** A time of an input of the type `datetime-local`, which is in the zone of the browser; null where there is none. */
export function timeOf(local: string): string | null {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The same time for such an input. */
export function localOf(time: string): string {
  const at = new Date(time);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function hourOfDay(time: string): string {
  return dayAndClock.format(new Date(time));
}

/** The end of an id, because ids of the same time differ there; without the host of a message id. */
export function shortId(id: string): string {
  const [own = id] = id.replace(/^</, "").split("@");
  return own.length > 14 ? `…${own.slice(-8)}` : own;
}
