import { memo, useState } from "react";
import { type ColumnView, cellLine } from "../model/columns";
import { levelColor, levelOf } from "../model/severity";
import { formatEventTime } from "../model/timeFormat";
import type { Zone } from "../model/timeRange";
import { type Cell, cellText } from "../model/tree";
import { IconCheck, IconCopy, IconFilter, IconFilterOff } from "../theme/icons";
import type { CellAction } from "./EventTable";
import classes from "./EventTable.module.css";
import { SeverityBadge } from "./SeverityBadge";
import { useCopy } from "./useCopy";

type Props = {
  id: string;
  index: number;
  topPx: number;
  cells: readonly Cell[];
  columns: readonly ColumnView[];
  zone: Zone;
  selected: boolean;
  fresh: boolean;
  canFilter: (column: ColumnView) => boolean;
  onOpen: (id: string) => void;
  onCell: CellAction;
};

export const EventTableRow = memo(function EventTableRow(props: Props) {
  const { id, index, cells, columns, selected, fresh } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const severity = columns.findIndex((column) => column.role === "severity");
  const level = severity >= 0 ? levelOf(cellText(cells[severity])) : "other";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles Enter for its selected row
    <div
      id={`row-${index}`}
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      data-fresh={fresh}
      data-level={level}
      style={
        { transform: `translateY(${props.topPx}px)`, "--level": levelColor(level) } as React.CSSProperties
      }
      onClick={() => props.onOpen(id)}
      onMouseLeave={() => setHovered(null)}
    >
      {columns.map((column, at) => (
        <div
          key={column.name}
          className={classes.cell}
          role="gridcell"
          aria-colindex={at + 1}
          data-role={column.role}
          onMouseEnter={() => setHovered(at)}
        >
          <CellText column={column} cell={cells[at]} zone={props.zone} />
          {hovered === at && (
            <CellActions
              column={column}
              text={cellText(cells[at])}
              filters={props.canFilter(column)}
              onAction={(what) => props.onCell(at, index, what)}
            />
          )}
        </div>
      ))}
    </div>
  );
});

function CellText({ column, cell, zone }: { column: ColumnView; cell: Cell | undefined; zone: Zone }) {
  const text = cellText(cell);
  if (column.role === "time") return <span className={classes.text}>{formatEventTime(text, zone)}</span>;
  if (column.role === "severity") return <SeverityBadge text={text} />;
  return <span className={classes.text}>{cellLine(text)}</span>;
}

type ActionsProps = {
  column: ColumnView;
  text: string;
  filters: boolean;
  onAction: (what: "keep" | "drop") => void;
};

/** Mouse conveniences; the same actions are in the event panel for the keyboard, so Tab skips them here. */
function CellActions({ column, text, filters, onAction }: ActionsProps) {
  const { copied, copy } = useCopy();
  const copyLabel = copied ? "Copied" : `Copy ${column.name}`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keeps clicks on the actions from opening the row
    // biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside take the keys
    <span className={classes.actions} onClick={(event) => event.stopPropagation()}>
      <ActionButton label={copyLabel} Icon={copied ? IconCheck : IconCopy} onClick={() => copy(text)} />
      {filters && (
        <>
          <ActionButton
            label={`Filter for this ${column.name}`}
            Icon={IconFilter}
            onClick={() => onAction("keep")}
          />
          <ActionButton
            label={`Filter out this ${column.name}`}
            Icon={IconFilterOff}
            onClick={() => onAction("drop")}
          />
        </>
      )}
    </span>
  );
}

function ActionButton(props: { label: string; Icon: typeof IconCopy; onClick: () => void }) {
  return (
    <button type="button" tabIndex={-1} title={props.label} aria-label={props.label} onClick={props.onClick}>
      <props.Icon size={13} stroke={1.75} aria-hidden="true" />
    </button>
  );
}
