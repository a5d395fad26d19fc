import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Source } from "../../api/sources";
import { ErrorCard } from "../../components/ErrorCard";
import { EventTable } from "../../components/EventTable";
import { StateCard } from "../../components/StateCard";
import { clauseFor, type WhereLanguage } from "../../model/clause";
import { columnViews, filterColumn } from "../../model/columns";
import type { TimeRange, Zone } from "../../model/timeRange";
import type { Cell } from "../../model/tree";
import { useColumnWidths, useDensity } from "../../state/settings";
import { IconBroadcast, IconPlayerStop } from "../../theme/icons";
import { NoResults } from "./NoResults";
import { ResultsFooter, ResultsSkeleton } from "./Results";
import classes from "./SearchPage.module.css";
import { useFreshIds } from "./useLiveTail";
import type { useRows } from "./useRows";

type Props = {
  source: Source;
  rows: ReturnType<typeof useRows>["query"];
  where: string;
  range: TimeRange;
  isLive: boolean;
  canResume: boolean;
  openId: string | null;
  language: WhereLanguage;
  zone: Zone;
  onOpen: (id: string) => void;
  onClause: (clause: string | null) => void;
  onRange: (range: TimeRange) => void;
  onClear: () => void;
  onRetry: () => void;
  onPause: () => void;
  onResume: () => void;
};

const ROW_HEIGHT_PX = { compact: 24, comfortable: 32 } as const;

/** The four faces of the list: loading, cancelled or failed, empty, and rows. */
export function ResultsPane(props: Props) {
  const { source, rows, language } = props;
  const [density] = useDensity();
  const [allWidths, setAllWidths] = useColumnWidths();
  const data = rows.data;
  const cells = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  const ids = useMemo(() => data?.pages.flatMap((page) => page.rowIds) ?? [], [data]);
  const freshIds = useFreshIds(ids, props.isLive);
  const widths = allWidths[source.id] ?? {};
  const columns = useMemo(
    () => columnViews(data?.pages[0]?.columns ?? [], source, widths),
    [data, source, widths],
  );

  if (rows.error && !rows.isFetchNextPageError)
    return <ErrorCard error={rows.error} onRetry={props.onRetry} />;
  if (!data) {
    return rows.isFetching ? <ResultsSkeleton /> : <Cancelled onRetry={props.onRetry} />;
  }
  if (cells.length === 0 && !rows.isPlaceholderData) return <NoResults {...props} />;

  const filterable = (name: string) => filterColumn(name, source.defaultTableSelectExpression);
  const resize = (name: string, widthPx: number | null) => {
    const { [name]: _old, ...rest } = widths;
    setAllWidths({ ...allWidths, [source.id]: widthPx === null ? rest : { ...rest, [name]: widthPx } });
  };
  const onCell = (at: number, row: number, what: "keep" | "drop") => {
    const value: Cell = cells[row]?.[at] ?? null;
    const name = columns[at]?.name ?? "";
    if (value === null || typeof value !== "object") {
      const column = filterable(name);
      const scalar = value as string | number | boolean | null;
      if (column) props.onClause(clauseFor([column], scalar, language, what === "drop"));
    }
  };
  return (
    <>
      <EventTable
        label={`${source.name}, newest first`}
        columns={columns}
        rows={cells}
        rowIds={ids}
        openId={props.openId}
        freshIds={freshIds}
        rowHeightPx={ROW_HEIGHT_PX[density]}
        zone={props.zone}
        stale={rows.isPlaceholderData && !props.isLive}
        footer={<ResultsFooter query={rows} loaded={cells.length} />}
        canFilter={(column) => column.role !== "time" && filterable(column.name) !== null}
        onOpen={props.onOpen}
        onCell={onCell}
        onResize={resize}
        onNearEnd={() => {
          if (rows.hasNextPage && !rows.isFetching && !rows.isFetchNextPageError) void rows.fetchNextPage();
        }}
        onScrolledAway={props.onPause}
      />
      {props.canResume && (
        <Button
          className={classes.resume}
          variant="default"
          leftSection={<IconBroadcast size={14} />}
          onClick={props.onResume}
        >
          Resume live tail
        </Button>
      )}
    </>
  );
}

function Cancelled({ onRetry }: { onRetry: () => void }) {
  return (
    <StateCard
      icon={<IconPlayerStop size={18} aria-hidden="true" />}
      title="The query was cancelled"
      actions={<Button onClick={onRetry}>Run again</Button>}
    >
      <p>The server has stopped it. A narrower time range reads less.</p>
    </StateCard>
  );
}
