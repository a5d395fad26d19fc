import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";

/** Records since the server started; `rejected` counts requests. */
export type SignalCounts = {
  signal: string;
  accepted: number;
  loaded: number;
  queued: number;
  rejected: number;
  dead: number;
};
export type IngestionCounts = {
  signals: SignalCounts[];
  /** By the id of a named key; `team` is the classic key. */
  keyRequests: Record<string, number>;
  spoolBytes: number;
  spoolBytesMax: number;
};
export type IngestionKey = {
  id: string;
  name: string;
  hint: string;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
};
export type NewIngestionKey = IngestionKey & { key: string };
export type Retention = {
  signal: string;
  lifetime: string | null;
  fixedBy: string | null;
  tables: string[];
};

const COUNTS_MS = 2_000;
const KEYS_MS = 15_000;

/** Asked again and again while somebody looks. */
export const countsQuery = queryOptions({
  queryKey: ["ingestion", "counts"],
  queryFn: ({ signal }) => request<IngestionCounts>("GET", "team/ingestion", { signal }),
  refetchInterval: COUNTS_MS,
  staleTime: 0,
});

export const keysQuery = queryOptions({
  queryKey: ["ingestion", "keys"],
  queryFn: async ({ signal }) =>
    (await request<{ data: IngestionKey[] }>("GET", "team/ingestion-keys", { signal })).data,
  refetchInterval: KEYS_MS,
});

export const retentionQuery = queryOptions({
  queryKey: ["ingestion", "retention"],
  queryFn: async ({ signal }) =>
    (await request<{ data: Retention[] }>("GET", "team/retention", { signal })).data,
});

export function createIngestionKey(name: string) {
  return request<NewIngestionKey>("POST", "team/ingestion-keys", { body: { name } });
}

export function revokeIngestionKey(id: string) {
  return request<{ id: string }>("DELETE", `team/ingestion-keys/${encodeURIComponent(id)}`);
}

export async function changeRetention(lifetimes: Record<string, string>) {
  return (await request<{ data: Retention[] }>("PATCH", "team/retention", { body: lifetimes })).data;
}
