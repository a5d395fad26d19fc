import type { ReactNode } from "react";
import classes from "./TeamPage.module.css";

type Props = { title: string; about?: ReactNode; flush?: boolean; children: ReactNode };

/** One subject of the settings. `flush` lets rows reach the edges. */
export function Card({ title, about, flush = false, children }: Props) {
  return (
    <section className={classes.card} aria-label={title}>
      <div className={classes.cardHead}>
        <h2>{title}</h2>
        {about && <p>{about}</p>}
      </div>
      {flush ? (
        <div style={{ paddingTop: 10 }}>{children}</div>
      ) : (
        <div className={classes.cardBody}>{children}</div>
      )}
    </section>
  );
}
