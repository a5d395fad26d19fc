import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { type ColumnView, gridTracks, gridWidthMin } from "../model/columns";
import type { Zone } from "../model/timeRange";
import type { Cell } from "../model/tree";
import classes from "./EventTable.module.css";
import { EventTableHead } from "./EventTableHead";
import { EventTableRow } from "./EventTableRow";

export type CellAction = (column: number, row: number, what: "keep" | "drop") => void;

type Props = {
  label: string;
  columns: readonly ColumnView[];
  rows: readonly (readonly Cell[])[];
  rowIds: readonly string[];
  openId: string | null;
  freshIds: ReadonlySet<string>;
  rowHeightPx: number;
  zone: Zone;
  stale: boolean;
  footer: ReactNode;
  canFilter: (column: ColumnView) => boolean;
  onOpen: (id: string) => void;
  onCell: CellAction;
  onResize: (column: string, widthPx: number | null) => void;
  onNearEnd: () => void;
  onScrolledAway: () => void;
};

const NEAR_END_PX = 500;
const SCROLLED_AWAY_PX = 16;
const OVERSCAN_ROWS = 20;

/** Any number of loaded rows at a fixed height; only those in view are in the document. */
export function EventTable(props: Props) {
  const { columns, rows, rowIds, openId, rowHeightPx } = props;
  const viewport = useRef<HTMLDivElement>(null);
  const [moved, setMoved] = useState<number | null>(null);
  const opened = openId ? rowIds.indexOf(openId) : -1;
  const cursor = opened >= 0 ? opened : moved !== null && moved < rows.length ? moved : null;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowHeightPx,
    overscan: OVERSCAN_ROWS,
    scrollPaddingStart: 30,
    scrollPaddingEnd: 8,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height makes the measured sizes wrong
  useEffect(() => virtual.measure(), [virtual, rowHeightPx]);
  useEffect(() => {
    if (cursor !== null) virtual.scrollToIndex(cursor, { align: "auto" });
  }, [virtual, cursor]);

  const move = (to: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, to));
    setMoved(at);
    const id = rowIds[at];
    if (opened >= 0 && id) props.onOpen(id);
    if (at > rows.length - 30) props.onNearEnd();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || rows.length === 0) return;
    const page = Math.floor((viewport.current?.clientHeight ?? 0) / rowHeightPx) - 2;
    const at = cursor ?? -1;
    const target: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = target[event.key];
    const id = rowIds[at];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && id) props.onOpen(id);
    else return;
    event.preventDefault();
  };
  const onScroll = () => {
    const element = viewport.current;
    if (!element) return;
    if (element.scrollTop > SCROLLED_AWAY_PX) props.onScrolledAway();
    if (element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX) props.onNearEnd();
  };

  return (
    <div
      ref={viewport}
      className={classes.viewport}
      data-stale={props.stale}
      style={
        {
          "--tracks": gridTracks(columns),
          "--width-min": `${gridWidthMin(columns)}px`,
          "--row-height": `${rowHeightPx}px`,
        } as React.CSSProperties
      }
      role="grid"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={cursor === null ? undefined : `row-${cursor}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={onScroll}
    >
      <EventTableHead columns={columns} onResize={props.onResize} />
      <div className={classes.body} style={{ height: virtual.getTotalSize() }} role="rowgroup">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const id = rowIds[index] ?? "";
          return (
            <EventTableRow
              key={id}
              id={id}
              index={index}
              topPx={start}
              cells={rows[index] ?? []}
              columns={columns}
              zone={props.zone}
              selected={index === cursor}
              fresh={props.freshIds.has(id)}
              canFilter={props.canFilter}
              onOpen={props.onOpen}
              onCell={props.onCell}
            />
          );
        })}
      </div>
      <div className={classes.footer}>{props.footer}</div>
    </div>
  );
}
