import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/client";
import { rememberPage } from "./state/returnTo";

/** Answers to people's questions change only when they ask again: no refetch on focus, no retry of a refusal. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        refetchOnWindowFocus: false,
        staleTime: 30_000,
        retry: (count, error) => error instanceof ApiError && error.status === 0 && count < 1,
      },
    },
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
  });
}

/** A session that ended while a page was open goes to the login page, and comes back here after it. */
function leaveWhenSignedOut(error: Error): void {
  if (!(error instanceof ApiError) || !error.isUnauthorized) return;
  const base = new URL(document.baseURI).pathname;
  const path = `/${location.pathname.slice(base.length)}`;
  if (["/login", "/register", "/join-team", "/"].includes(path)) return;
  rememberPage(path + location.search);
  location.assign(new URL("login?err=sessionExpired", document.baseURI));
}
