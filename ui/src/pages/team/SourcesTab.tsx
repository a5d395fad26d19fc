import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Source, sourcesQuery } from "../../api/sources";
import { ErrorCard } from "../../components/ErrorCard";
import {
  IconChartBar,
  IconChevronDown,
  IconChevronRight,
  IconFileText,
  IconTimeline,
  IconVideo,
} from "../../theme/icons";
import { Card } from "./Card";
import classes from "./TeamPage.module.css";

const ICONS = {
  log: IconFileText,
  trace: IconTimeline,
  session: IconVideo,
  metric: IconChartBar,
  promql: IconChartBar,
};

/** Where each kind of telemetry lives, and which column plays which role. */
export function SourcesTab() {
  const sources = useQuery(sourcesQuery);
  return (
    <Card
      title="Sources"
      about="Each source reads one kind of telemetry from its tables. Open one to see how its columns are used."
      flush
    >
      {sources.error && <ErrorCard error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.isPending && <Skeleton height={40} m={18} width="auto" />}
      {sources.data?.map((source) => (
        <SourceRow key={source.id} source={source} />
      ))}
    </Card>
  );
}

function SourceRow({ source }: { source: Source }) {
  const [opened, setOpened] = useState(false);
  const Icon = ICONS[source.kind] ?? IconFileText;
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <div className={classes.source}>
      <button type="button" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Icon size={16} stroke={1.75} aria-hidden="true" />
        <b>{source.name}</b>
        <span className={classes.quiet}>{source.kind}</span>
        <code>{tablesOf(source)}</code>
        <Chevron size={14} aria-hidden="true" />
      </button>
      {opened && (
        <dl className={classes.expressions}>
          {expressionsOf(source).map(([name, expression]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{expression}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function tablesOf({ from, metricTables }: Source): string {
  if (from.tableName) return `${from.databaseName}.${from.tableName}`;
  const count = Object.keys(metricTables ?? {}).length;
  return `${from.databaseName}, ${count} metric tables`;
}

/** `serviceNameExpression` → `service name`. */
function expressionsOf(source: Source): [string, string][] {
  const rows = Object.entries(source)
    .filter(([name, value]) => name.endsWith("Expression") && typeof value === "string" && value !== "")
    .map(([name, value]): [string, string] => {
      const words = name
        .replace(/(Value)?Expression$/, "")
        .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      return [words, String(value)];
    });
  const tables = Object.entries(source.metricTables ?? {}).map(([kind, table]): [string, string] => [
    `${kind} table`,
    table,
  ]);
  return [...tables, ...rows];
}
