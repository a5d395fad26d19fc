import { ActionIcon, Tooltip, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { HistogramResult, SearchPageResult } from "../../api/search";
import type { Progress } from "../../api/stream";
import { HistogramLegend } from "../../charts/HistogramLegend";
import { formatBytes, formatCount, formatElapsed, formatShort, formatStep } from "../../model/format";
import { IconChevronDown, IconChevronUp, IconCode } from "../../theme/icons";
import { SqlModal } from "./SqlModal";
import classes from "./StatsLine.module.css";

type Props = {
  page: SearchPageResult | undefined;
  histogram: HistogramResult | undefined;
  groups: HistogramResult["groups"];
  progress: Progress | null;
  isRunning: boolean;
  only: string | null;
  shown: boolean;
  colorOf: (name: string) => string;
  onOnly: (name: string | null) => void;
  onShown: (shown: boolean) => void;
};

/** How many, how much was read for it, and how long it took; the SQL is one click away. */
export function StatsLine(props: Props) {
  const { page, histogram, progress, isRunning } = props;
  const [sqlShown, setSqlShown] = useState(false);
  return (
    <div className={classes.line}>
      <div className={classes.figures} aria-live="polite">
        <b>
          {histogram
            ? `${formatCount(histogram.total)} ${histogram.total === 1 ? "result" : "results"}`
            : isRunning && "…"}
        </b>
        {isRunning && progress ? (
          <span>{progressText(progress)}</span>
        ) : (
          page && <Scanned page={page} histogram={histogram} />
        )}
      </div>
      {props.shown && (
        <HistogramLegend
          groups={props.groups}
          only={props.only}
          colorOf={props.colorOf}
          onOnly={props.onOnly}
        />
      )}
      <div className={classes.tools}>
        {histogram && props.shown && <span>1 bar = {formatStep(histogram.granularityS)}</span>}
        {page && (
          <UnstyledButton className={classes.tool} onClick={() => setSqlShown(true)}>
            <IconCode size={14} aria-hidden="true" /> SQL
          </UnstyledButton>
        )}
        <Tooltip label={props.shown ? "Hide the histogram" : "Show the histogram"}>
          <ActionIcon
            size={22}
            aria-label={props.shown ? "Hide the histogram" : "Show the histogram"}
            onClick={() => props.onShown(!props.shown)}
          >
            {props.shown ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}
          </ActionIcon>
        </Tooltip>
      </div>
      {page && (
        <SqlModal
          opened={sqlShown}
          onClose={() => setSqlShown(false)}
          statements={[
            { title: "Rows", sql: page.sql },
            ...(histogram ? [{ title: "Histogram", sql: histogram.sql }] : []),
          ]}
        />
      )}
    </div>
  );
}

/** What both answers cost together; the slower one is how long a person waited. */
function Scanned({ page, histogram }: Pick<Props, "histogram"> & { page: SearchPageResult }) {
  const parts = [page.statistics, ...(histogram ? [histogram.statistics] : [])];
  const rows = parts.reduce((sum, part) => sum + part.rowsRead, 0);
  const bytes = parts.reduce((sum, part) => sum + part.bytesRead, 0);
  const elapsedMs = Math.max(...parts.map((part) => part.elapsedMs));
  return (
    <Tooltip label={`${formatCount(rows)} rows, ${formatBytes(bytes)} read`}>
      <span>
        {formatShort(rows)} rows scanned · {formatElapsed(elapsedMs)}
      </span>
    </Tooltip>
  );
}

function progressText({ rowsRead, rowsTotal, elapsedMs }: Progress): string {
  const of = rowsTotal > 0 ? ` of ${formatShort(rowsTotal)}` : "";
  return `${formatShort(rowsRead)}${of} rows read · ${formatElapsed(elapsedMs)}`;
}
