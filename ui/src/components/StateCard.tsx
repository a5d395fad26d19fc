import type { ReactNode } from "react";
import classes from "./StateCard.module.css";

type Props = {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  tone?: "quiet" | "error";
};

/** The one shape of "nothing to show here": icon, title, a sentence, what to do. */
export function StateCard({ icon, title, children, actions, tone = "quiet" }: Props) {
  return (
    <div className={classes.card} data-tone={tone} role={tone === "error" ? "alert" : undefined}>
      <div className={classes.icon}>{icon}</div>
      <h2 className={classes.title}>{title}</h2>
      {children && <div className={classes.text}>{children}</div>}
      {actions && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
