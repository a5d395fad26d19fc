import { Skeleton, Tabs } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type PointerEvent, useState } from "react";
import type { Source } from "../../../api/sources";
import { ErrorCard } from "../../../components/ErrorCard";
import { useKeys } from "../../../components/useKeys";
import type { Related } from "../../../model/related";
import type { Zone } from "../../../model/timeRange";
import type { Leaf } from "../../../model/tree";
import { usePanelWidth } from "../../../state/settings";
import { useRow } from "../useRows";
import { RowColumns } from "./RowColumns";
import { RowHeader } from "./RowHeader";
import { RowJson } from "./RowJson";
import { RowOverview } from "./RowOverview";
import classes from "./RowPanel.module.css";

type Props = {
  source: Source;
  sources: readonly Source[];
  rowId: string;
  zone: Zone;
  position: { at: number; of: number } | null;
  canFilter: (leaf: Leaf) => boolean;
  onFilter: (leaf: Leaf, negate: boolean) => void;
  onRelated: (related: Related<Source>) => void;
  onStep: (direction: -1 | 1) => void;
  onClose: () => void;
};

const WIDTH_PX_MIN = 420;

/** One event, beside the list it comes from: the list stays usable, so this is not a modal. */
export function RowPanel(props: Props) {
  const { source, rowId, onStep, onClose } = props;
  const [tab, setTab] = useState<string | null>("overview");
  const [width, setWidth] = usePanelWidth();
  const query = useRow(source.id, rowId);
  const client = useQueryClient();
  const next = () => onStep(1);
  const previous = () => onStep(-1);
  useKeys({
    j: next,
    k: previous,
    ArrowDown: next,
    ArrowUp: previous,
    Escape: onClose,
  });
  const shared = { source, canFilter: props.canFilter, onFilter: props.onFilter, zone: props.zone };
  const retry = () => void client.resetQueries({ queryKey: ["search", "row", source.id, rowId] });
  return (
    <aside className={classes.panel} style={{ width: `min(${width}px, 92%)` }} aria-label="Event">
      <ResizeHandle width={width} onWidth={setWidth} />
      <RowHeader {...props} row={query.data} />
      {query.error ? (
        <ErrorCard error={query.error} onRetry={retry} />
      ) : !query.data ? (
        <div className={classes.loading}>
          <Skeleton height={46} mb={16} />
          {[72, 60, 84, 40, 66, 52].map((percent) => (
            <Skeleton key={percent} height={12} mb={12} width={`${percent}%`} />
          ))}
        </div>
      ) : (
        <Tabs value={tab} onChange={setTab} className={classes.tabs} keepMounted={false}>
          <Tabs.List px={18}>
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="columns">Column values</Tabs.Tab>
            <Tabs.Tab value="json">JSON</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="overview" className={classes.content}>
            <RowOverview {...shared} row={query.data} />
          </Tabs.Panel>
          <Tabs.Panel value="columns" className={classes.content}>
            <RowColumns {...shared} row={query.data} />
          </Tabs.Panel>
          <Tabs.Panel value="json" className={classes.content}>
            <RowJson row={query.data} />
          </Tabs.Panel>
        </Tabs>
      )}
    </aside>
  );
}

function ResizeHandle({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    const handle = event.currentTarget;
    const startX = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const drag = (moved: globalThis.PointerEvent) =>
      onWidth(Math.max(WIDTH_PX_MIN, Math.round(width + startX - moved.clientX)));
    const drop = () => {
      handle.removeEventListener("pointermove", drag);
      handle.removeEventListener("pointerup", drop);
      handle.removeEventListener("pointercancel", drop);
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
    event.preventDefault();
  };
  return (
    <div
      className={classes.handle}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the event panel"
      aria-valuenow={width}
      aria-valuemin={WIDTH_PX_MIN}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") onWidth(width + 40);
        if (event.key === "ArrowRight") onWidth(Math.max(WIDTH_PX_MIN, width - 40));
      }}
    />
  );
}
