import classes from "./Logo.module.css";

/** The mark: three bars of a histogram, the last with a red foot. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg className={classes.mark} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" className={classes.plate} />
      <g className={classes.bars}>
        <rect x="7" y="17" width="4.4" height="8" rx="1.2" />
        <rect x="13.8" y="12" width="4.4" height="13" rx="1.2" />
        <rect x="20.6" y="7" width="4.4" height="11" rx="1.2" />
      </g>
      <rect x="20.6" y="20" width="4.4" height="5" rx="1.2" className={classes.foot} />
    </svg>
  );
}
