/** What a failure may tell beside its message; `position` points into the query text. */
export type FailureDetails = { code?: string; position?: number; hint?: string; requestId?: string };
export type Failure = Error & { readonly details?: FailureDetails };
