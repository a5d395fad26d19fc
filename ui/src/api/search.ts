import type { WhereLanguage } from "../model/clause";
import type { Cell, Row } from "../model/tree";
import { type Progress, type Statistics, streamQuery } from "./stream";

/** One frozen question: the same window for the rows and the histogram, so their totals agree. */
export type SearchInput = {
  sourceId: string;
  where: string;
  whereLanguage: WhereLanguage;
  startTime: number;
  endTime: number;
};
export type Column = { name: string; type: string };
export type SearchPageResult = {
  columns: Column[];
  rows: Cell[][];
  rowIds: string[];
  nextCursor: string | null;
  statistics: Statistics;
  sql: string;
  warnings?: string[];
};
export type HistogramResult = {
  granularityS: number;
  buckets: number[];
  groups: { name: string; counts: number[] }[];
  total: number;
  statistics: Statistics;
  sql: string;
};
export type Watch = { signal?: AbortSignal; onProgress?: (progress: Progress) => void };

export function searchRows(input: SearchInput & { limit?: number; cursor?: string }, watch: Watch = {}) {
  return streamQuery<SearchPageResult>("search", input, watch);
}

export function searchHistogram(input: SearchInput, watch: Watch = {}) {
  return streamQuery<HistogramResult>("search/histogram", { ...input, granularity: "auto" }, watch);
}

export async function searchRow(sourceId: string, rowId: string, watch: Watch = {}): Promise<Row> {
  return (await streamQuery<{ row: Row }>("search/row", { sourceId, rowId }, watch)).row;
}
