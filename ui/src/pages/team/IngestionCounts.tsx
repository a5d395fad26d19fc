import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { countsQuery, type SignalCounts } from "../../api/ingestion";
import { ErrorCard } from "../../components/ErrorCard";
import { formatBytes, formatCount } from "../../model/format";
import { Card } from "./Card";
import classes from "./IngestionTab.module.css";
import teamClasses from "./TeamPage.module.css";

type Column = { key: keyof SignalCounts & string; label: string; about: string; tone?: "warn" | "error" };

const COLUMNS: readonly Column[] = [
  { key: "accepted", label: "Accepted", about: "Records acknowledged to their sender: they are on disk" },
  { key: "loaded", label: "Loaded", about: "Records that can be searched" },
  { key: "queued", label: "Queued", about: "Records on disk that wait to be loaded" },
  {
    key: "rejected",
    label: "Rejected requests",
    about: "Requests refused: wrong key, unreadable, full",
    tone: "warn",
  },
  {
    key: "dead",
    label: "Dead letters",
    about: "Records the tables did not take, kept on disk",
    tone: "error",
  },
];

/** What came in since the server started, by signal. */
export function IngestionCounts() {
  const counts = useQuery(countsQuery);
  return (
    <Card title="Telemetry" about="What came in since the server started." flush>
      {counts.error && !counts.data && (
        <ErrorCard error={counts.error} onRetry={() => void counts.refetch()} />
      )}
      {counts.isPending && <Skeleton height={40} m={18} width="auto" />}
      {counts.data && (
        <>
          <table className={`${teamClasses.table} ${classes.numbers}`}>
            <thead>
              <tr>
                <th>Signal</th>
                {COLUMNS.map(({ key, label, about }) => (
                  <th key={key} title={about}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {counts.data.signals.map((each) => (
                <tr key={each.signal}>
                  <td className={classes.signal}>{each.signal}</td>
                  {COLUMNS.map(({ key, tone }) => (
                    <td key={key} data-tone={each[key] === 0 ? "quiet" : tone}>
                      {formatCount(Number(each[key]))}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <p className={classes.foot}>
            The spool holds {formatBytes(counts.data.spoolBytes)} of at most{" "}
            {formatBytes(counts.data.spoolBytesMax)}.
          </p>
        </>
      )}
    </Card>
  );
}
