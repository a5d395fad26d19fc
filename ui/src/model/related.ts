import { clauseFor } from "./clause";
import { type EventRoles, eventView } from "./event";
import { instantOfText } from "./timeFormat";
import { HOUR, type Window } from "./timeRange";
import { cellText, type Row } from "./tree";

export type RelatedSource = EventRoles & { id: string; traceIdExpression?: string | undefined };
export type Related<S> = { label: string; source: S; where: string; window: Window };

/** Spans and logs of one trace arrive close together; an hour to each side also holds the slowest of them. */
const AROUND_MS = HOUR;
const WORDS: Record<string, string> = { log: "Logs of this trace", trace: "Spans of this trace" };

/** Searches that start from this event: everything else its trace left behind, by source. */
export function relatedTo<S extends RelatedSource>(row: Row, source: S, sources: readonly S[]): Related<S>[] {
  const traceId = source.traceIdExpression ? cellText(row[source.traceIdExpression]) : "";
  const at = instantOfText(eventView(row, source).time);
  if (!traceId || at === null) return [];
  return sources.flatMap((target) => {
    const label = WORDS[target.kind];
    const where = target.traceIdExpression
      ? clauseFor([target.traceIdExpression], traceId, "lucene", false)
      : null;
    if (!label || !where) return [];
    return [{ label, source: target, where, window: { from: at - AROUND_MS, to: at + AROUND_MS } }];
  });
}
