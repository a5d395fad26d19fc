import { queryOptions } from "@tanstack/react-query";
import type { ApiKey, KeyChange, KeyPair, KeyRole } from "../model/apiKeys";
import { request } from "./client";

export type ApiKeyList = { organizationId: string; serviceId: string; roles: KeyRole[]; data: ApiKey[] };
export type NewApiKey = KeyPair & { key: ApiKey };

export const apiKeysQuery = queryOptions({
  queryKey: ["team", "api-keys"],
  queryFn: ({ signal }) => request<ApiKeyList>("GET", "team/api-keys", { signal }),
});

/** The only reply that ever holds the secret. */
export function createApiKey(body: KeyChange) {
  return request<NewApiKey>("POST", "team/api-keys", { body });
}

export function changeApiKey(id: string, body: KeyChange) {
  return request<ApiKey>("PATCH", `team/api-keys/${id}`, { body });
}

export function deleteApiKey(id: string) {
  return request<unknown>("DELETE", `team/api-keys/${id}`);
}
