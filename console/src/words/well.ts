// The answer of the overview to "is it well?", in one sentence.

import type { Statistics, StatisticsHour } from "mmms-client";
import { counted, duration, number } from "./figures.js";
import { BOUNCES, COMPLAINTS, percent } from "./rates.js";

/** Mail that has been due for this long is late. */
export const LATE_SECONDS = 300;
/** The share of mail that did not go out from which something is wrong, and not only some addresses. */
const MANY = 0.05;

export interface Well {
  tone: "good" | "unsure" | "bad";
  words: string;
}

export function sum(hours: readonly StatisticsHour[], of: (hour: StatisticsHour) => number): number {
  return hours.reduce((total, hour) => total + of(hour), 0);
}

/** `name` is that of the time, such as `24 hours`. The gravest fact is told. */
export function wellOf({ hours, reports, waiting }: Statistics, name: string): Well {
  const sent = sum(hours, (hour) => hour.sent);
  const lost = sum(hours, (hour) => hour.failed + hour.unconfirmed);
  const { bounce_rate: bounces, complaint_rate: complaints } = reports;
  const waits = waiting.queued + waiting.sending;
  if (waiting.oldest_due_seconds >= LATE_SECONDS) {
    const age = duration(waiting.oldest_due_seconds * 1000);
    return { tone: "bad", words: `Mail is late: the oldest has been due for ${age}.` };
  }
  if (complaints !== null && complaints >= COMPLAINTS.review) {
    return {
      tone: "bad",
      words: `Too many complaints: ${percent(complaints)}, and SES reviews an account from 0.1 %.`,
    };
  }
  if (bounces !== null && bounces >= BOUNCES.review) {
    return { tone: "bad", words: `Too many bounces: ${percent(bounces)}, and SES reviews an account from 5 %.` };
  }
  if (lost > 0) {
    const ended = sent + lost;
    const tone = lost / ended >= MANY ? "bad" : "unsure";
    return {
      tone,
      words: `${number(lost)} of ${counted(ended, "mail", "mails")} in ${name} were not sent, or may not have been.`,
    };
  }
  const rest = waits === 0 ? "nothing waits" : `${counted(waits, "mail waits", "mails wait")} for their turn`;
  if (sent === 0) return { tone: "good", words: `Nothing was sent in ${name}, and ${rest}.` };
  return {
    tone: "good",
    words: `All is well: ${counted(sent, "mail was", "mails were")} sent in ${name}, none failed, and ${rest}.`,
  };
}
