import { Button } from "@mantine/core";
import type { Failure } from "../model/failure";
import { IconAlertTriangle, IconRefresh } from "../theme/icons";
import { CopyButton } from "./CopyButton";
import { StateCard } from "./StateCard";

const TITLES: Record<string, string> = {
  bad_query: "The query has a mistake",
  query_timeout: "The query took too long",
  busy: "The server is busy",
  cancelled: "The query was cancelled",
  network: "No answer from the server",
  too_large: "That is more than the server allows",
};

/** What failed, why when known, and what to do next. */
export function ErrorCard({ error, onRetry }: { error: Failure; onRetry?: () => void }) {
  const { code, hint, requestId } = error.details ?? {};
  const report = JSON.stringify(
    { message: error.message, code, hint, requestId, page: location.href },
    null,
    2,
  );
  return (
    <StateCard
      tone="error"
      icon={<IconAlertTriangle size={20} aria-hidden="true" />}
      title={TITLES[code ?? ""] ?? "Something failed"}
      actions={
        <>
          {onRetry && (
            <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
              Try again
            </Button>
          )}
          <CopyButton value={report} what="the error report" label="Copy report" />
        </>
      }
    >
      <p>{error.message}</p>
      {hint && <p>{hint}</p>}
      {requestId && (
        <p className="mono" style={{ fontSize: 11, color: "var(--text-3)" }}>
          request {requestId}
        </p>
      )}
    </StateCard>
  );
}
