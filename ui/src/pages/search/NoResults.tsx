import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { searchRows } from "../../api/search";
import type { Source } from "../../api/sources";
import { StateCard } from "../../components/StateCard";
import { formatAgo, instantOfText } from "../../model/timeFormat";
import { absolute, DAY, HOUR, MINUTE, relativeLabel, type TimeRange } from "../../model/timeRange";
import { cellText } from "../../model/tree";
import { IconListSearch } from "../../theme/icons";
import { FirstData } from "./FirstData";

type Props = {
  source: Source;
  where: string;
  range: TimeRange;
  onRange: (range: TimeRange) => void;
  onClear: () => void;
  onRetry: () => void;
};

const LOOK_BACK_MS = 30 * DAY;
const POLL_MS = 3000;

/** Nothing matched. Without a filter, finds out whether there is data at all: then it says where, else how to send. */
export function NoResults({ source, where, range, onRange, onClear, onRetry }: Props) {
  const unfiltered = !where.trim();
  const newest = useQuery({
    queryKey: ["search", "newest", source.id],
    enabled: unfiltered,
    gcTime: 0,
    retry: false,
    queryFn: async ({ signal }) => {
      const now = Date.now();
      const window = { startTime: now - LOOK_BACK_MS, endTime: now + MINUTE };
      const page = await searchRows(
        { sourceId: source.id, where: "", whereLanguage: "lucene", ...window, limit: 1 },
        { signal },
      );
      return instantOfText(cellText(page.rows[0]?.[0]));
    },
    refetchInterval: (query) => (query.state.data == null ? POLL_MS : false),
  });
  // An event arrived while this page was waiting for the first one, or since it asked for this range: show it.
  const isWaiting = useRef(false);
  const arrived = useEffectEvent((at: number) => {
    if (!isWaiting.current && !isWithin(range, at)) return;
    isWaiting.current = false;
    onRetry();
  });
  useEffect(() => {
    if (newest.data === null) isWaiting.current = true;
    else if (newest.data !== undefined) arrived(newest.data);
  }, [newest.data]);
  if (unfiltered && newest.isPending) return null;
  if (unfiltered && newest.data == null && !newest.error) return <FirstData source={source} />;

  const wider = range.kind === "relative" ? widerThan(range.spanMs) : null;
  const at = newest.data;
  return (
    <StateCard
      icon={<IconListSearch size={20} aria-hidden="true" />}
      title={unfiltered ? "No events in this time range" : "Nothing matches this query"}
      actions={
        <>
          {unfiltered && at != null && (
            <Button onClick={() => onRange(absolute({ from: at - HOUR / 2, to: at + HOUR / 2 }))}>
              Go to the newest event
            </Button>
          )}
          {wider && (
            <Button variant="default" onClick={() => onRange({ kind: "relative", spanMs: wider })}>
              {relativeLabel(wider)}
            </Button>
          )}
          {!unfiltered && (
            <Button variant="default" onClick={onClear}>
              Clear the query
            </Button>
          )}
        </>
      }
    >
      {unfiltered && at != null && (
        <p>
          The newest event of {source.name} arrived {formatAgo(at, Date.now())}.
        </p>
      )}
      {!unfiltered && (
        <p>
          Widen the time range, or loosen the query. In Lucene a bare word finds whole words and{" "}
          <code>*part*</code> finds parts of words; <code>field:"value"</code> in quotes wants the whole
          value, and field names are case-sensitive.
        </p>
      )}
    </StateCard>
  );
}

/** Whether asking again would find it. */
function isWithin(range: TimeRange, at: number): boolean {
  const age = Date.now() - at;
  return range.kind === "relative" && age >= 0 && age < range.spanMs;
}

function widerThan(spanMs: number): number | null {
  return [HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY].find((each) => each > spanMs) ?? null;
}
