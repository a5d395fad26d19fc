import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";

/** Milliseconds, since the server started; null while nothing came. */
export type Latency = { p50: number; p99: number };
/** Records since the server started; `rejected` counts requests. */
export type SignalCounts = {
  signal: string;
  accepted: number;
  bytes: number;
  loaded: number;
  queued: number;
  rejected: number;
  rejectedRecords: number;
  dead: number;
  ackMs: Latency | null;
  loadMs: Latency | null;
};
export type IngestionCounts = {
  signals: SignalCounts[];
  /** `key` is the id of a named key, `team` for the classic one, `setting` for the server's own. */
  keys: { key: string; signal: string; accepted: number; rejected: number }[];
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

export type IndexProfileName = "none" | "bloom" | "text";
export type IndexProfile = {
  signal: string;
  table: string;
  /** null for a set of indexes that is no profile of ours */
  profile: IndexProfileName | null;
  partsToDo: number;
  parts: number;
  setting: string | null;
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

export const indexProfilesQuery = queryOptions({
  queryKey: ["ingestion", "index profiles"],
  queryFn: async ({ signal }) =>
    (await request<{ data: IndexProfile[] }>("GET", "team/index-profile", { signal })).data,
  refetchInterval: (query) => (query.state.data?.some(({ partsToDo }) => partsToDo > 0) ? COUNTS_MS : false),
});

export async function changeIndexProfile(change: { table: string; profile: IndexProfileName }) {
  return (await request<{ data: IndexProfile[] }>("PATCH", "team/index-profile", { body: change })).data;
}

export function createIngestionKey(name: string) {
  return request<NewIngestionKey>("POST", "team/ingestion-keys", { body: { name } });
}

export function revokeIngestionKey(id: string) {
  return request<{ id: string }>("DELETE", `team/ingestion-keys/${encodeURIComponent(id)}`);
}

export async function changeRetention(lifetimes: Record<string, string>) {
  return (await request<{ data: Retention[] }>("PATCH", "team/retention", { body: lifetimes })).data;
}
