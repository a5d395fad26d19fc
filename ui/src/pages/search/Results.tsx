import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { formatCount } from "../../model/format";
import classes from "./SearchPage.module.css";
import type { useRows } from "./useRows";
import { LOADED_ROWS_MAX } from "./useRows";

type RowsQuery = ReturnType<typeof useRows>["query"];

/** The end of the list says what the end is: still loading, a limit, or the last event of the window. */
export function ResultsFooter({ query, loaded }: { query: RowsQuery; loaded: number }): ReactNode {
  if (query.isFetchingNextPage) return "Loading older events…";
  if (query.isFetchNextPageError) {
    return (
      <>
        {query.error?.message}{" "}
        <Button size="compact-xs" variant="default" onClick={() => void query.fetchNextPage()}>
          Try again
        </Button>
      </>
    );
  }
  if (query.hasNextPage) return null;
  if (loaded >= LOADED_ROWS_MAX) {
    return `The newest ${formatCount(loaded)} events are shown. Narrow the time range or the query to see older ones.`;
  }
  return `End of results: ${formatCount(loaded)} ${loaded === 1 ? "event" : "events"} in this time range.`;
}

const SKELETON_WIDTHS = [62, 48, 71, 55, 40, 66, 58, 74, 44, 60, 52, 69, 47, 63];

export function ResultsSkeleton() {
  return (
    <div className={classes.skeleton} aria-hidden="true">
      {SKELETON_WIDTHS.map((width, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the placeholder rows never move
        <div key={at}>
          <Skeleton height={9} width={140} />
          <Skeleton height={9} width={90} />
          <Skeleton height={9} width={52} />
          <Skeleton height={9} width={`${width}%`} />
        </div>
      ))}
    </div>
  );
}
