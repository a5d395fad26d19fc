import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";

export type KeyScope = "read" | "write";
export type AccessKey = {
  id: string;
  name: string;
  hint: string;
  scope: KeyScope;
  state: "active" | "expired" | "revoked";
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
};
export type NewAccessKey = AccessKey & { key: string };
export type Session = {
  id: string;
  isCurrent: boolean;
  lastSeenAt: string;
  userAgent: string;
  address: string;
};
export type AuditEntry = {
  id: string;
  at: string;
  author: { kind: string; id: string; name: string };
  action: "create" | "update" | "delete";
  objectKind: string;
  objectId: string;
  objectName: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

export const accessKeysQuery = queryOptions({
  queryKey: ["me", "access-keys"],
  queryFn: async ({ signal }) =>
    (await request<{ data: AccessKey[] }>("GET", "me/access-keys", { signal })).data,
});

export const sessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: async ({ signal }) => (await request<{ data: Session[] }>("GET", "me/sessions", { signal })).data,
});

export type AuditPage = { data: AuditEntry[]; nextBefore: string | null };

export function auditPage(before: string | null, signal: AbortSignal) {
  const query = new URLSearchParams({ limit: "50", ...(before ? { before } : {}) });
  return request<AuditPage>("GET", `team/audit?${query}`, { signal });
}

export function createAccessKey(key: { name: string; scope: KeyScope; expiresInDays: number | null }) {
  return request<NewAccessKey>("POST", "me/access-keys", { body: key });
}

export function revokeAccessKey(id: string) {
  return request<unknown>("DELETE", `me/access-keys/${id}`);
}

export function endSession(id: string) {
  return request<unknown>("DELETE", `me/sessions/${id}`);
}

export function endOtherSessions() {
  return request<{ ended: number }>("DELETE", "me/sessions");
}

export function changePassword(passwords: { currentPassword: string; newPassword: string }) {
  return request<unknown>("PATCH", "me/password", { body: passwords });
}
