import classes from "./AuthArt.module.css";

// Heights drawn once from a sine and a spike, so that the picture is the same on every visit.
const BARS = Array.from({ length: 56 }, (_, i) => {
  const base = 30 + 16 * Math.sin(i / 5) + 9 * Math.sin(i / 1.7) + 7 * Math.sin(i * 2.9);
  const spike = Math.max(0, 62 - (i - 38) ** 2 * 4.2);
  return { rest: base + spike * 0.6, warn: 4 + 3 * Math.sin(i * 1.3) + spike * 0.28, error: spike * 0.55 };
});

const SPANS: readonly [label: string, from: number, width: number, kind: string][] = [
  ["checkout", 0, 100, "a"],
  ["  cart.load", 2, 18, "b"],
  ["    redis GET", 4, 7, "c"],
  ["  payment.charge", 22, 66, "d"],
  ["    POST /v1/charges", 25, 58, "e"],
  ["  email.enqueue", 90, 8, "b"],
];

/** A spike in a histogram and the trace that explains it. */
export function AuthArt() {
  const slot = 640 / BARS.length;
  return (
    <div className={classes.scene}>
      <svg className={classes.chart} viewBox="0 0 640 150" preserveAspectRatio="none" aria-hidden="true">
        {[37, 75, 112].map((y) => (
          <line key={y} x1="0" x2="640" y1={y} y2={y} className={classes.grid} />
        ))}
        {BARS.map((bar, i) => {
          const x = i * slot;
          const width = slot - 2.5;
          const errorTop = 150 - bar.error;
          const warnTop = errorTop - bar.warn;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the bars never change
            <g key={i}>
              <rect x={x} width={width} y={warnTop - bar.rest} height={bar.rest} className={classes.info} />
              <rect x={x} width={width} y={warnTop} height={bar.warn} className={classes.warn} />
              <rect x={x} width={width} y={errorTop} height={bar.error} className={classes.error} />
            </g>
          );
        })}
      </svg>
      <div className={classes.trace}>
        {SPANS.map(([label, from, width, kind]) => (
          <div key={label} className={classes.span}>
            <span className={classes.label}>{label}</span>
            <span className={classes.lane}>
              <i data-kind={kind} style={{ left: `${from}%`, width: `${width}%` }} />
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
