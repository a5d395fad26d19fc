import { levelColor, levelOf } from "../model/severity";
import classes from "./SeverityBadge.module.css";

/** A level as the row says it, coloured by what it means. */
export function SeverityBadge({ text, filled = false }: { text: string; filled?: boolean }) {
  if (!text) return <span className={classes.none}>–</span>;
  const style = { "--level": levelColor(levelOf(text)) } as React.CSSProperties;
  return (
    <span className={filled ? classes.filled : classes.badge} style={style} data-level={levelOf(text)}>
      {text}
    </span>
  );
}
