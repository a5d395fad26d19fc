import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";

export type TeamDetails = { _id: string; apiKey: string; name: string; createdAt: string };
export type ServerConfig = {
  appVersion?: string;
  collectorUrl?: string;
  otlpHttpPort?: number;
  otlpGrpcPort?: number;
  apiPort?: number;
};

export const teamQuery = queryOptions({
  queryKey: ["team"],
  queryFn: ({ signal }) => request<TeamDetails>("GET", "team", { signal }),
});

export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: ({ signal }) => request<ServerConfig>("GET", "config", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export function rotateIngestionKey() {
  return request<{ newApiKey: string }>("PATCH", "team/apiKey");
}

export function renameTeam(name: string) {
  return request<{ name: string }>("PATCH", "team/name", { body: { name } });
}
