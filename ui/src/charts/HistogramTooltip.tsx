import { formatCount } from "../model/format";
import type { Buckets } from "../model/histogram";
import { formatInstant } from "../model/timeFormat";
import type { Zone } from "../model/timeRange";
import classes from "./Histogram.module.css";

type Props = {
  data: Buckets;
  at: number;
  leftPx: number;
  widthPx: number;
  zone: Zone;
  colorOf: (name: string) => string;
};

/** The figures of one bar, on the side of the pointer that has room. */
export function HistogramTooltip({ data, at, leftPx, widthPx, zone, colorOf }: Props) {
  const start = data.buckets[at] ?? 0;
  const end = formatInstant(start + data.granularityS * 1000, zone).slice(11);
  const rows = data.groups
    .map(({ name, counts }) => ({ name, count: counts[at] ?? 0 }))
    .filter(({ count }) => count > 0);
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  const toLeft = leftPx > widthPx / 2;
  const style = toLeft ? { right: widthPx - leftPx + 14 } : { left: leftPx + 14 };
  return (
    <div className={classes.tooltip} style={style} aria-hidden="true">
      <div className={classes.when}>
        {formatInstant(start, zone)} – {end}
      </div>
      {rows.map(({ name, count }) => (
        <div key={name} className={classes.figure}>
          <i style={{ background: colorOf(name) }} />
          <span>{name || "(none)"}</span>
          <b>{formatCount(count)}</b>
        </div>
      ))}
      <div className={classes.sum}>
        <span>Total</span>
        <b>{formatCount(total)}</b>
      </div>
    </div>
  );
}
