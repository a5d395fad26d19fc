import type { ReactNode } from "react";
import { IconAlertTriangle, IconInfoCircle } from "../theme/icons";
import classes from "./Notice.module.css";

/** One sentence above a form: what went wrong, or what to know. */
export function Notice({ tone, children }: { tone: "error" | "info"; children: ReactNode }) {
  const Icon = tone === "error" ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={classes.notice} data-tone={tone} role={tone === "error" ? "alert" : "status"}>
      <Icon size={15} aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}
