import type { KeyboardEvent, PointerEvent } from "react";
import { COLUMN_WIDTH_PX_MIN, type ColumnView, columnLabel } from "../model/columns";
import classes from "./EventTable.module.css";

type Props = { columns: readonly ColumnView[]; onResize: (column: string, widthPx: number | null) => void };

const STEP_PX = 16;

/** The header row; the edge of each column drags, moves by arrow keys, and resets on a double click. */
export function EventTableHead({ columns, onResize }: Props) {
  return (
    <div className={classes.head} role="row" aria-rowindex={1}>
      {columns.map((column, at) => (
        <div key={column.name} className={classes.headCell} role="columnheader" aria-colindex={at + 1}>
          <span title={`${column.name} · ${column.type}`}>{columnLabel(column.name)}</span>
          {at < columns.length - 1 && <Edge column={column} onResize={onResize} />}
        </div>
      ))}
    </div>
  );
}

function Edge({ column, onResize }: { column: ColumnView; onResize: Props["onResize"] }) {
  const { name, widthPx } = column;
  const resize = (width: number) => onResize(name, Math.max(COLUMN_WIDTH_PX_MIN, Math.round(width)));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const startX = event.clientX;
    const edge = event.currentTarget;
    edge.setPointerCapture(event.pointerId);
    const drag = (moved: globalThis.PointerEvent) => resize(widthPx + moved.clientX - startX);
    const drop = () => {
      edge.removeEventListener("pointermove", drag);
      edge.removeEventListener("pointerup", drop);
      edge.removeEventListener("pointercancel", drop);
    };
    edge.addEventListener("pointermove", drag);
    edge.addEventListener("pointerup", drop);
    edge.addEventListener("pointercancel", drop);
    event.preventDefault();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    resize(widthPx + (event.key === "ArrowLeft" ? -STEP_PX : STEP_PX));
  };
  return (
    <div
      className={classes.edge}
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${name}`}
      aria-valuenow={widthPx}
      aria-valuemin={COLUMN_WIDTH_PX_MIN}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDoubleClick={() => onResize(name, null)}
    />
  );
}
