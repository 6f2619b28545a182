// The charts of the overview, and a table of their numbers for users who cannot see them.

import type { StatisticsHour } from "mmms-client";
import { useMemo, useState } from "preact/hooks";
import uPlot from "uplot";
import { Figure } from "../parts/status.js";
import { counted, duration, hourOfDay, number } from "../words/figures.js";
import { statusNames } from "../words/statuses.js";
import { axes, Plot } from "./plot.js";

const HOUR_S = 3_600;
/** The order of the bars' parts, from the bottom up. */
const ENDS = ["sent", "cancelled", "unconfirmed", "failed"] as const;
/** The order of the columns from the left: a narrow screen cuts off the last ones. */
const COLUMNS = ["failed", "unconfirmed", "sent", "cancelled"] as const;
/** What was reported later of the mail that was sent in an hour. */
const REPORTS = ["delivered", "bounced", "complained"] as const;

interface Pictured {
  hours: readonly StatisticsHour[];
  name: string;
}

const startsOf = (hours: readonly StatisticsHour[]) => hours.map(({ hour }) => Date.parse(hour) / 1000);

/** An hour is placed at its middle, so that the pointer is nearest to the hour that it is in. */
const middlesOf = (hours: readonly StatisticsHour[]) => startsOf(hours).map((start) => start + HOUR_S / 2);

/** The range covers whole hours, so that the first and the last bar are not cut. */
const wholeHours = (hours: readonly StatisticsHour[]): uPlot.Range.MinMax => {
  const starts = startsOf(hours);
  return [starts[0] ?? 0, (starts.at(-1) ?? 0) + HOUR_S];
};

export function HoursChart({ hours, name }: Pictured) {
  const [at, point] = useState<number | null>(null);
  const data = useMemo<uPlot.AlignedData>(() => {
    const heights = (upTo: number) =>
      hours.map((hour) => ENDS.slice(0, upTo + 1).reduce((sum, end) => sum + hour[end], 0));
    // The highest is drawn first, and the lower ones over it.
    return [middlesOf(hours), ...ENDS.map((_, upTo) => heights(upTo)).reverse()];
  }, [hours]);
  const total = (end: (typeof ENDS)[number]) => hours.reduce((sum, hour) => sum + hour[end], 0);
  const chosen = at === null ? null : hours[at];
  const all = ENDS.reduce((sum, end) => sum + total(end), 0);
  return (
    <section class="card picture" aria-labelledby="hours-title">
      <div class="picture-head">
        <h2 id="hours-title">Mails per hour</h2>
        <p class="picture-at">{chosen ? hourOfDay(chosen.hour) : name}</p>
      </div>
      <ul class="legend">
        {ENDS.map((end) => (
          <li key={end}>
            <span class={`swatch is-${end}`} aria-hidden="true" />
            <span>{statusNames[end]}</span>
            <Figure value={chosen ? chosen[end] : total(end)} most={Math.max(9999, all)} />
          </li>
        ))}
      </ul>
      <div class="plot-space">
        <Plot
          label={`Bars of the mails per hour over ${name}: ${counted(all, "mail", "mails")}. The numbers are in the table below.`}
          kind={`hours-${hours.length}-${hours[0]?.hour}`}
          data={data}
          point={point}
          options={(colour) => ({
            axes: axes(colour, number),
            scales: {
              x: { range: () => wholeHours(hours) },
              y: { range: (_, __, most) => [0, Math.max(4, most * 1.08)] },
            },
            cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
            series: [
              {},
              ...[...ENDS].reverse().map((end) => ({
                fill: colour(end),
                stroke: colour(end),
                width: 0,
                points: { show: false },
                paths: uPlot.paths.bars?.({ size: [0.75, 40], align: 0 }) ?? null,
              })),
            ] as uPlot.Series[],
          })}
        />
        {all === 0 && <p class="plot-empty">No mail ended in these {name}.</p>}
      </div>
    </section>
  );
}

export function TimesChart({ hours, name }: Pictured) {
  const [at, point] = useState<number | null>(null);
  const times = (of: "p50" | "p95") =>
    hours.map(({ time_to_sent_ms: time }) => (time === null ? null : Math.max(1, time[of])));
  const data = useMemo<uPlot.AlignedData>(() => [middlesOf(hours), times("p50"), times("p95")], [hours]);
  const column = at ?? hours.findLastIndex((hour) => hour.time_to_sent_ms !== null);
  const shown = hours[column];
  const none = hours.every((hour) => hour.time_to_sent_ms === null);
  const value = (of: "p50" | "p95") => (shown?.time_to_sent_ms ? duration(shown.time_to_sent_ms[of]) : "–");
  return (
    <section class="card picture" aria-labelledby="times-title">
      <div class="picture-head">
        <h2 id="times-title">From accepted to sent</h2>
        <p class="picture-at">{shown ? hourOfDay(shown.hour) : name}</p>
      </div>
      <ul class="legend">
        <li>
          <span class="swatch is-p50" aria-hidden="true" />
          <span>Half within (p50)</span>
          <strong>{value("p50")}</strong>
        </li>
        <li>
          <span class="swatch is-p95" aria-hidden="true" />
          <span>95 of 100 within (p95)</span>
          <strong>{value("p95")}</strong>
        </li>
      </ul>
      <div class="plot-space">
        <Plot
          label={`Lines of the time from accepted to sent over ${name}, half and 95 of 100. The numbers are in the table below.`}
          kind={`times-${hours.length}-${hours[0]?.hour}`}
          data={data}
          point={point}
          options={(colour) => ({
            axes: axes(colour, power, powers),
            scales: { x: { range: () => wholeHours(hours) }, y: { distr: 3, range: decades } },
            cursor: { y: false, drag: { x: false, y: false } },
            series: [
              {},
              ...(["p50", "p95"] as const).map((of) => ({
                stroke: colour(of),
                width: 2,
                ...(of === "p95" && { dash: [6, 3] }),
                points: { show: true, size: 6, fill: colour(of), stroke: colour(of) },
              })),
            ],
          })}
        />
        {none && <p class="plot-empty">No mail was sent in these {name}.</p>}
      </div>
    </section>
  );
}

/** The largest unit is the second, because powers of ten are no round numbers in minutes or hours. */
const power = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${number(milliseconds / 1000)} s`;

/** Keeps only the lines at powers of ten. */
const powers: uPlot.Axis.Filter = (_, splits) =>
  splits.map((split) => (Number.isInteger(Math.log10(split)) ? split : null));

/** Whole powers of ten around all values, in milliseconds. */
const decades = (_: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax => {
  const low = 10 ** Math.floor(Math.log10(Math.max(1, least ?? 1)));
  return [low, Math.max(low * 100, 10 ** Math.ceil(Math.log10(Math.max(1, most ?? 1) * 1.1)))];
};

export function NumbersTable({ hours }: { hours: readonly StatisticsHour[] }) {
  const rows = [...hours].reverse().filter((hour) => ENDS.some((end) => hour[end] > 0));
  return (
    <details class="card more numbers">
      <summary>The numbers as a table</summary>
      {rows.length === 0 ? (
        <p class="nothing">No hour has any mail.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: users without a mouse scroll it with the arrow keys
        <section class="scroll" tabIndex={0} aria-label="The numbers of each hour">
          <table>
            <thead>
              <tr>
                <th scope="col">Hour</th>
                {COLUMNS.map((end) => (
                  <th key={end} scope="col" class="is-number">
                    {statusNames[end]}
                  </th>
                ))}
                {REPORTS.map((of) => (
                  <th key={of} scope="col" class="is-number">
                    {statusNames[of]}
                  </th>
                ))}
                <th scope="col" class="is-number">
                  p50
                </th>
                <th scope="col" class="is-number">
                  p95
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((hour) => (
                <tr key={hour.hour}>
                  <th scope="row">{hourOfDay(hour.hour)}</th>
                  {COLUMNS.map((end) => (
                    <td key={end} class="is-number">
                      {number(hour[end])}
                    </td>
                  ))}
                  {REPORTS.map((of) => (
                    <td key={of} class="is-number">
                      {hour.reports.bounce_rate === null ? "–" : number(hour.reports[of])}
                    </td>
                  ))}
                  <td class="is-number">{hour.time_to_sent_ms ? duration(hour.time_to_sent_ms.p50) : "–"}</td>
                  <td class="is-number">{hour.time_to_sent_ms ? duration(hour.time_to_sent_ms.p95) : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
