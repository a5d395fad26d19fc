import { formatCount, formatShort } from "../model/format";
import classes from "./Histogram.module.css";

type Props = {
  groups: readonly { name: string; counts: readonly number[] }[];
  only: string | null;
  colorOf: (name: string) => string;
  onOnly: (name: string | null) => void;
};

/** One chip per group; pressing one shows it alone, pressing it again shows all. */
export function HistogramLegend({ groups, only, colorOf, onOnly }: Props) {
  return (
    <ul className={classes.legend} aria-label="Groups of the histogram">
      {groups.map(({ name, counts }) => {
        const count = counts.reduce((a, b) => a + b, 0);
        return (
          <li key={name}>
            <button
              type="button"
              aria-pressed={only === name}
              data-dimmed={only !== null && only !== name}
              title={`${formatCount(count)} events. Press to show only this group in the chart.`}
              onClick={() => onOnly(only === name ? null : name)}
            >
              <i style={{ background: colorOf(name) }} />
              {name || "(none)"}
              <span>{formatShort(count)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
