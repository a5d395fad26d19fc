import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { countsQuery, type Latency, type SignalCounts } from "../../api/ingestion";
import { ErrorCard } from "../../components/ErrorCard";
import { formatBytes, formatCount, formatElapsed } from "../../model/format";
import { Card } from "./Card";
import classes from "./IngestionTab.module.css";
import teamClasses from "./TeamPage.module.css";

type Column = {
  key: "accepted" | "loaded" | "queued" | "rejected" | "rejectedRecords" | "dead";
  label: string;
  about: string;
  tone?: "warn" | "error";
};

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
    key: "rejectedRecords",
    label: "Rejected records",
    about: "Records left out of requests because they cannot be stored; the sender was told why",
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
                      {formatCount(each[key])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <Times signals={counts.data.signals} />
          <p className={classes.foot}>
            The spool holds {formatBytes(counts.data.spoolBytes)} of at most{" "}
            {formatBytes(counts.data.spoolBytesMax)}.
          </p>
        </>
      )}
    </Card>
  );
}

/** How much came in, and how long it took: half of the times are at most the first, all but a hundredth the second. */
function Times({ signals }: { signals: SignalCounts[] }) {
  return (
    <table className={`${teamClasses.table} ${classes.numbers}`}>
      <thead>
        <tr>
          <th>Signal</th>
          <th title="Size of the accepted records as protobuf">Size</th>
          <th title="From a request's bytes to its being on disk">Acknowledged in, p50 / p99</th>
          <th title="From a closed batch to its rows in the tables">Loaded in, p50 / p99</th>
        </tr>
      </thead>
      <tbody>
        {signals.map((each) => (
          <tr key={each.signal}>
            <td className={classes.signal}>{each.signal}</td>
            <td data-tone={each.bytes === 0 ? "quiet" : undefined}>{formatBytes(each.bytes)}</td>
            <td data-tone={each.ackMs ? undefined : "quiet"}>{latencyText(each.ackMs)}</td>
            <td data-tone={each.loadMs ? undefined : "quiet"}>{latencyText(each.loadMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The median and the slowest hundredth. */
function latencyText(latency: Latency | null): string {
  return latency ? `${formatElapsed(latency.p50)} / ${formatElapsed(latency.p99)}` : "–";
}
