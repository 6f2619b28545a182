// uPlot in a box of fixed height, drawn again when the width, the numbers or the colours change.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export type Colours = (name: string) => string;

interface Drawn {
  /** All options except the size, which is that of the box. */
  options: (colour: Colours) => Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  /** A value that changes when `options` have to be computed again. */
  kind: string;
  /** Called with the column at the pointer. */
  point: (column: number | null) => void;
  label: string;
}

const HEIGHT = 240;
const dark = matchMedia("(prefers-color-scheme: dark)");

export function Plot({ options, data, kind, point, label }: Drawn) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const draw = () => {
      plot.current?.destroy();
      const styles = getComputedStyle(document.documentElement);
      const given = options((name) => styles.getPropertyValue(`--${name}`).trim());
      const settings: uPlot.Options = {
        ...given,
        width: place.clientWidth,
        height: HEIGHT,
        padding: [8, null, 0, null],
        legend: { show: false },
        hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
      };
      plot.current = new uPlot(settings, latest.current, place);
    };
    draw();
    const sizes = new ResizeObserver(() => {
      if (plot.current && plot.current.width !== place.clientWidth) {
        plot.current.setSize({ width: place.clientWidth, height: HEIGHT });
      }
    });
    sizes.observe(place);
    dark.addEventListener("change", draw);
    return () => {
      dark.removeEventListener("change", draw);
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [kind]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

/** The axes that all charts share. */
export function axes(colour: Colours, values: (value: number) => string, lines?: uPlot.Axis.Filter): uPlot.Axis[] {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const line = { stroke: colour("grid"), width: 1 };
  const shared = { stroke: colour("soft"), font, ticks: { ...line, size: 4 } };
  return [
    { ...shared, grid: { show: false }, space: 64, values: TIMES },
    {
      ...shared,
      grid: { ...line, ...(lines && { filter: lines }) },
      ticks: { show: false },
      size: 56,
      ...(lines && { filter: lines }),
      values: (_, splits) => splits.map((split) => (split === null ? "" : values(split))),
    },
  ];
}

/** Hours of a day on a clock of 24; the day below where it changes. */
const TIMES: uPlot.Axis.Values = [
  [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
  [3_600, "{HH}:00", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
];
