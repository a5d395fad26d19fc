import classes from "./Code.module.css";
import { CopyButton } from "./CopyButton";

/** A block of text to copy. Focusable, because it may scroll. */
export function Code({ text, what, maxHeight }: { text: string; what: string; maxHeight?: number }) {
  return (
    <div className={classes.frame}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre className={classes.code} style={{ maxHeight }} tabIndex={0} role="region" aria-label={what}>
        {text}
      </pre>
      <div className={classes.copy}>
        <CopyButton value={text} what={what} />
      </div>
    </div>
  );
}
