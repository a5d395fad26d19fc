import uPlot from "uplot";
import { formatShort } from "../model/format";
import type { Window, Zone } from "../model/timeRange";

type Input = {
  size: { width: number; height: number };
  /** Fill colours, the outermost layer first, as `stackLayers` orders them. */
  layers: string[];
  colors: { text: string; line: string };
  zone: Zone;
  coverage: () => Window;
  onHover: (hover: { at: number; leftPx: number } | null) => void;
  onZoom: (window: Window) => void;
};

const DRAG_PX_MIN = 4;

export function histogramOptions(input: Input): uPlot.Options {
  const { text, line } = input.colors;
  const bars = uPlot.paths.bars?.({ size: [0.84, 64], align: 1, gap: 1 });
  const zoned = (ms: number) => (input.zone === "utc" ? uPlot.tzDate(new Date(ms), "Etc/UTC") : new Date(ms));
  const font = '500 10.5px "Inter Variable", sans-serif';
  return {
    ...input.size,
    ms: 1,
    tzDate: zoned,
    padding: [6, 20, 0, 0],
    legend: { show: false },
    cursor: {
      x: false,
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: DRAG_PX_MIN },
    },
    scales: {
      x: { time: true, range: () => rangeOf(input.coverage()) },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.06, 1)] },
    },
    axes: [
      {
        stroke: text,
        font,
        size: 22,
        gap: 5,
        space: 90,
        grid: { show: false },
        ticks: { show: false },
        values: (_plot, splits, _axis, _space, step) => timeValues(splits, step, zoned),
      },
      {
        stroke: text,
        font,
        size: 44,
        gap: 8,
        space: 34,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        border: { show: false },
        values: (_plot, splits) => splits.map((value) => (Number.isInteger(value) ? formatShort(value) : "")),
      },
    ],
    series: [
      {},
      ...input.layers.map((fill) => ({
        fill,
        width: 0,
        points: { show: false },
        ...(bars ? { paths: bars } : {}),
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const left = plot.cursor.left ?? -1;
          if (left < 0) return input.onHover(null);
          const at = bucketAt(plot, plot.posToVal(left, "x"));
          input.onHover(at < 0 ? null : { at, leftPx: left + plot.bbox.left / devicePixelRatio });
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < DRAG_PX_MIN) return;
          input.onZoom({ from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function rangeOf(window: Window): uPlot.Range.MinMax {
  return [window.from, window.to];
}

/** The bucket that contains an instant: bars begin at their x, so the nearest x would be wrong half the time. */
function bucketAt(plot: uPlot, ms: number): number {
  const starts = plot.data[0];
  let at = -1;
  for (let i = 0; i < starts.length && (starts[i] ?? 0) <= ms; i += 1) at = i;
  return at;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `10:30`, with seconds when the marks need them, and the day where it changes. */
function timeValues(splits: number[], step: number, zoned: (ms: number) => Date): string[] {
  const two = (n: number) => String(n).padStart(2, "0");
  let lastDay = -1;
  return splits.map((ms) => {
    const date = zoned(ms);
    const day = date.getDate();
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
    const isMidnight = clock === "00:00";
    const text = step < 60_000 ? `${clock}:${two(date.getSeconds())}` : clock;
    const newDay = lastDay !== -1 && day !== lastDay;
    lastDay = day;
    return newDay || (isMidnight && step >= 3_600_000) ? `${MONTHS[date.getMonth()]} ${day}` : text;
  });
}
