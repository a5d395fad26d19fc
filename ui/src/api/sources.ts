import { queryOptions } from "@tanstack/react-query";
import type { EventRoles } from "../model/event";
import { request } from "./client";

export type SourceKind = "log" | "trace" | "session" | "metric" | "promql";

/** One source. Every `…Expression` is SQL over the table's columns; an absent one means the source has no such column. */
export type Source = {
  id: string;
  name: string;
  kind: SourceKind;
  section?: string;
  disabled?: boolean;
  from: { databaseName: string; tableName: string };
  metricTables?: Record<string, string>;
} & EventRoles & { [expression: `${string}Expression`]: string | undefined };

/** Kinds whose rows the search page can show. */
export const SEARCHABLE_KINDS: readonly SourceKind[] = ["log", "trace", "session"];

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: async ({ signal }) =>
    (await request<(Source & { _id?: string })[]>("GET", "sources", { signal })).map((source) => ({
      ...source,
      id: source.id ?? source._id,
    })) as Source[],
  staleTime: 60_000,
});
