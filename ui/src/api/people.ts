import { queryOptions } from "@tanstack/react-query";
import { apiUrl, request } from "./client";
import type { Role } from "./session";

export type Member = {
  _id: string;
  email: string;
  name: string;
  role: Role;
  hasPasswordAuth: boolean;
  isCurrentUser: boolean;
};
export type Invitation = {
  _id: string;
  email: string;
  name?: string;
  role: Role;
  createdAt: string;
  expiresAt: string;
  url: string;
};
export type Invited = { email: string; role: Role; teamName: string };

export const membersQuery = queryOptions({
  queryKey: ["team", "members"],
  queryFn: async ({ signal }) => (await request<{ data: Member[] }>("GET", "team/members", { signal })).data,
});

export const invitationsQuery = queryOptions({
  queryKey: ["team", "invitations"],
  queryFn: async ({ signal }) =>
    (await request<{ data: Invitation[] }>("GET", "team/invitations", { signal })).data,
});

/** Whom a link invites; 401 for a link that opens nothing. */
export const invitedQuery = (token: string) =>
  queryOptions({
    queryKey: ["invited", token],
    queryFn: ({ signal }) => request<Invited>("GET", `team/setup/${encodeURIComponent(token)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function invite(guest: { email: string; role: Role }) {
  return request<{ url: string }>("POST", "team/invitation", { body: guest });
}

export function deleteInvitation(id: string) {
  return request<unknown>("DELETE", `team/invitation/${id}`);
}

export function changeRole({ id, role }: { id: string; role: Role }) {
  return request<unknown>("PATCH", `team/member/${id}`, { body: { role } });
}

export function removeMember(id: string) {
  return request<unknown>("DELETE", `team/member/${id}`);
}

// Joining is a native form post, as signing in is.
export const joinAction = (token: string) => apiUrl(`team/setup/${encodeURIComponent(token)}`);
