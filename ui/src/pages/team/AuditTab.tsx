import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type AuditEntry, auditPage } from "../../api/account";
import { ErrorCard } from "../../components/ErrorCard";
import { changedFields } from "../../model/audit";
import { formatAgo } from "../../model/timeFormat";
import { Card } from "./Card";
import classes from "./MembersTab.module.css";
import teamClasses from "./TeamPage.module.css";

const VERBS = { create: "created", update: "changed", delete: "deleted" } as const;

/** Who changed what. Only admins see the tab. */
export function AuditTab() {
  const log = useInfiniteQuery({
    queryKey: ["team", "audit"],
    queryFn: ({ pageParam, signal }) => auditPage(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextBefore,
    staleTime: 0,
  });
  const entries = log.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card title="Audit log" about="Every change of people, keys and objects, newest first." flush>
      {log.error && <ErrorCard error={log.error} onRetry={() => void log.refetch()} />}
      {log.isPending && <Skeleton height={40} m={18} width="auto" />}
      {entries.length > 0 && (
        <table className={teamClasses.table}>
          <thead>
            <tr>
              <th>When</th>
              <th>Who</th>
              <th>What</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <Row key={entry.id} entry={entry} nowMs={log.dataUpdatedAt} />
            ))}
          </tbody>
        </table>
      )}
      {log.hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            size="compact-sm"
            loading={log.isFetchingNextPage}
            onClick={() => void log.fetchNextPage()}
          >
            Show older
          </Button>
        </div>
      )}
    </Card>
  );
}

function Row({ entry, nowMs }: { entry: AuditEntry; nowMs: number }) {
  const changes = changedFields(entry.before, entry.after);
  return (
    <tr>
      <td className={teamClasses.quiet} title={entry.at} style={{ whiteSpace: "nowrap" }}>
        {formatAgo(Date.parse(entry.at), nowMs)}
      </td>
      <td>{entry.author.name || entry.author.kind}</td>
      <td>
        {VERBS[entry.action]} {entry.objectKind.replaceAll("_", " ")} <b>{entry.objectName}</b>
        {entry.action === "update" && changes.length > 0 && (
          <div className={classes.changes}>{changes.join(" · ")}</div>
        )}
      </td>
    </tr>
  );
}
