import { useMemo, useRef, useState } from "react";
import type { Source } from "../../api/sources";
import { SEARCHABLE_KINDS } from "../../api/sources";
import type { WhereLanguage } from "../../model/clause";
import type { Related } from "../../model/related";
import { absolute, resolve, type TimeRange } from "../../model/timeRange";
import { HISTORY_MAX, useHistory, useLastLanguage, useLastSource } from "../../state/settings";
import type { SearchState } from "../../state/url";
import type { Run } from "./useRows";
import { useSearchState } from "./useSearchState";

/**
 * The question of the page. What runs is in the address, and its window is frozen at
 * that moment, so the rows, the histogram and every further page are about the same instants.
 */
export function useQueryState(allSources: readonly Source[]) {
  const [state, update] = useSearchState();
  const [lastSource, setLastSource] = useLastSource();
  const [lastLanguage, setLastLanguage] = useLastLanguage();
  const [history, setHistory] = useHistory();
  const [ranAt, setRanAt] = useState(() => Date.now());
  const inputRef = useRef<HTMLTextAreaElement>(null);

  const sources = allSources.filter((each) => SEARCHABLE_KINDS.includes(each.kind) && !each.disabled);
  const source = pickSource(sources, state.source, lastSource);
  const language = state.whereLanguage ?? lastLanguage;

  const window = useMemo(() => resolve(state.range, ranAt), [state.range, ranAt]);
  const run = useMemo<Run | null>(() => {
    if (!source) return null;
    const { from, to } = window;
    const input = {
      sourceId: source.id,
      where: state.where,
      whereLanguage: language,
      startTime: from,
      endTime: to,
    };
    return { input, ranAt };
  }, [source, state.where, language, window, ranAt]);

  const ask = (patch: Partial<SearchState>, how: "push" | "replace" = "push") => {
    setRanAt(Date.now());
    update({ source: source?.id ?? state.source, whereLanguage: language, row: null, ...patch }, how);
  };
  const remember = (where: string) => {
    if (where.trim()) setHistory([where, ...history.filter((each) => each !== where)].slice(0, HISTORY_MAX));
  };
  return {
    state,
    sources,
    source,
    isSourceMissing: state.source !== null && source === null,
    language,
    window,
    run,
    inputRef,
    history,
    /** Runs again with the same words: a later window when the range is relative. */
    rerun: () => setRanAt(Date.now()),
    runText: (where: string) => {
      remember(where);
      ask({ where });
    },
    setSource: (next: Source) => {
      setLastSource(next.id);
      ask({ source: next.id });
    },
    /** Another question about the same thing, in another source; Back returns here. */
    openRelated: ({ source: target, where, window: around }: Related<Source>) =>
      ask({ source: target.id, where, whereLanguage: "lucene", range: absolute(around), isLive: false }),
    setLanguage: (next: WhereLanguage) => {
      setLastLanguage(next);
      ask({ whereLanguage: next }, "replace");
    },
    setRange: (range: TimeRange) => ask({ range, isLive: false }),
    setLive: (isLive: boolean) =>
      isLive
        ? ask({ isLive, range: state.range.kind === "relative" ? state.range : LIVE_RANGE }, "replace")
        : update({ isLive }, "replace"),
    openRow: (row: string | null) => update({ row, isLive: false }, "replace"),
  };
}

const LIVE_RANGE: TimeRange = { kind: "relative", spanMs: 15 * 60_000 };

/** By id, else by name in any case; without a wish, the one used last, else logs first. */
function pickSource(sources: readonly Source[], wish: string | null, last: string | null): Source | null {
  const byId = (id: string | null) => sources.find((each) => each.id === id);
  if (wish) {
    return byId(wish) ?? sources.find((each) => each.name.toLowerCase() === wish.toLowerCase()) ?? null;
  }
  return byId(last) ?? sources.find((each) => each.kind === "log") ?? sources[0] ?? null;
}
