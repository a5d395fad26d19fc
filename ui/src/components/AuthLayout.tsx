import type { ReactNode } from "react";
import { AuthArt } from "./AuthArt";
import classes from "./AuthLayout.module.css";
import { Logo } from "./Logo";

/** The door of the product: the form on the left, a quiet picture of what is behind it on the right. */
export function AuthLayout({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <div className={classes.page}>
      <main className={classes.side}>
        <div className={classes.brand}>
          <Logo size={26} />
          <span>ClickStack</span>
        </div>
        <div className={classes.form}>
          <h1 className={classes.title}>{title}</h1>
          <p className={classes.lead}>{lead}</p>
          {children}
        </div>
        <p className={classes.foot}>Logs, traces and metrics on ClickHouse.</p>
      </main>
      <div className={classes.art} aria-hidden="true">
        <AuthArt />
      </div>
    </div>
  );
}
