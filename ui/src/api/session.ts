import { queryOptions } from "@tanstack/react-query";
import { apiUrl, request } from "./client";

export type Team = { _id: string; id: string; name: string; apiKey: string };
export type Role = "viewer" | "editor" | "admin";
export type Me = {
  accessKey: string;
  email: string;
  id: string;
  name: string;
  role: Role;
  createdAt: string;
  team: Team;
};

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => request<Me>("GET", "me", { signal }),
  staleTime: 5 * 60_000,
});

export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) =>
    request<{ isTeamExisting: boolean; oidc?: boolean }>("GET", "installation", { signal }),
  staleTime: 0,
});

export function register(form: { email: string; password: string; confirmPassword: string }) {
  return request<{ status: string }>("POST", "register/password", { body: form });
}

export function rotateAccessKey() {
  return request<{ newAccessKey: string }>("PATCH", "me/accessKey");
}

// Sign-in and sign-out are native form posts, so they work with password managers and without scripts.
export const loginAction = () => apiUrl("login/password");
export const singleSignOnUrl = () => apiUrl("login/oidc");
export const logoutAction = () => apiUrl("logout");
