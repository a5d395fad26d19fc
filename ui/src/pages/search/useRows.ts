import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type HistogramResult,
  type SearchInput,
  type SearchPageResult,
  searchHistogram,
  searchRow,
  searchRows,
} from "../../api/search";
import type { Progress } from "../../api/stream";

/** One run of a query: the same question asked again later is another run. */
export type Run = { input: SearchInput; ranAt: number };

const PAGE_ROWS = 200;
/** Rows kept in the browser; past it the page says so instead of growing. */
export const LOADED_ROWS_MAX = 20_000;
const KEPT_MS = 15_000;

const forRun = {
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: KEPT_MS,
  structuralSharing: false,
  retry: false,
} as const;

type Key = readonly [string, string, Run | null];

/** The last answer stays, dimmed, while the next is on its way, unless it is about another source. */
function isSameSource(key: readonly unknown[] | undefined, run: Run | null): boolean {
  const before = (key as Key | undefined)?.[2];
  return before != null && before.input.sourceId === run?.input.sourceId;
}

export function useRows(run: Run | null) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const query = useInfiniteQuery({
    ...forRun,
    queryKey: ["search", "rows", run] satisfies Key,
    placeholderData: (data, before) => (isSameSource(before?.queryKey, run) ? data : undefined),
    enabled: run !== null,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      if (!run) throw new Error("no query to run");
      setProgress(null);
      const cursor = pageParam ? { cursor: pageParam } : {};
      return searchRows({ ...run.input, limit: PAGE_ROWS, ...cursor }, { signal, onProgress: setProgress });
    },
    getNextPageParam: (last: SearchPageResult, pages: SearchPageResult[]) =>
      pages.length * PAGE_ROWS >= LOADED_ROWS_MAX ? undefined : (last.nextCursor ?? undefined),
  });
  return { query, progress: query.isFetching ? progress : null };
}

export function useHistogram(run: Run | null) {
  return useQuery<HistogramResult>({
    ...forRun,
    queryKey: ["search", "histogram", run] satisfies Key,
    placeholderData: (data, before) => (isSameSource(before?.queryKey, run) ? data : undefined),
    enabled: run !== null,
    queryFn: ({ signal }) => {
      if (!run) throw new Error("no query to run");
      return searchHistogram(run.input, { signal });
    },
  });
}

export function useRow(sourceId: string, rowId: string) {
  return useQuery({
    queryKey: ["search", "row", sourceId, rowId],
    queryFn: ({ signal }) => searchRow(sourceId, rowId, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5 * 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}

/** Stops what is running: closing the streams makes the server kill the queries in the engine. */
export function useCancel(): () => void {
  const client = useQueryClient();
  return () => {
    void client.cancelQueries({ queryKey: ["search", "rows"] });
    void client.cancelQueries({ queryKey: ["search", "histogram"] });
  };
}
