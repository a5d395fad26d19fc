import type { Source } from "../../../api/sources";
import { CopyButton } from "../../../components/CopyButton";
import { SeverityBadge } from "../../../components/SeverityBadge";
import { eventView } from "../../../model/event";
import { formatElapsed } from "../../../model/format";
import type { Related } from "../../../model/related";
import { formatAgo, formatEventTime, instantOfText, zoneName } from "../../../model/timeFormat";
import type { Zone } from "../../../model/timeRange";
import type { Row } from "../../../model/tree";
import { IconChevronDown, IconChevronUp, IconLink, IconX } from "../../../theme/icons";
import { PanelAction } from "./PanelAction";
import { RelatedLinks } from "./RelatedLinks";
import classes from "./RowPanel.module.css";

type Props = {
  row: Row | undefined;
  source: Source;
  sources: readonly Source[];
  zone: Zone;
  position: { at: number; of: number } | null;
  onRelated: (related: Related<Source>) => void;
  onStep: (direction: -1 | 1) => void;
  onClose: () => void;
};

export function RowHeader({ row, source, sources, zone, position, onRelated, onStep, onClose }: Props) {
  const event = row ? eventView(row, source) : null;
  const instant = event ? instantOfText(event.time) : null;
  return (
    <header className={classes.header}>
      <div className={classes.bar}>
        <div className={classes.facts}>
          {event?.severity && <SeverityBadge text={event.severity} filled />}
          {event?.service && <span className={classes.service}>{event.service}</span>}
          {event?.durationMs != null && <span>{formatElapsed(event.durationMs)}</span>}
        </div>
        <div className={classes.actions}>
          {position && (
            <span className={classes.position}>
              {position.at + 1} of {position.of}
            </span>
          )}
          <PanelAction label="Previous event (k)" disabled={!position?.at} onClick={() => onStep(-1)}>
            <IconChevronUp size={16} />
          </PanelAction>
          <PanelAction
            label="Next event (j)"
            disabled={!position || position.at >= position.of - 1}
            onClick={() => onStep(1)}
          >
            <IconChevronDown size={16} />
          </PanelAction>
          <LinkButton />
          <PanelAction label="Close (Esc)" onClick={onClose}>
            <IconX size={16} />
          </PanelAction>
        </div>
      </div>
      {event && (
        <div className={classes.when}>
          <span className="mono">{formatEventTime(event.time, zone, true)}</span>
          {instant !== null && (
            <>
              <span>{zoneName(zone, instant)}</span>
              <span>{formatAgo(instant, Date.now())}</span>
            </>
          )}
        </div>
      )}
      {row && <RelatedLinks row={row} source={source} sources={sources} onRelated={onRelated} />}
    </header>
  );
}

function LinkButton() {
  return <CopyButton value={() => location.href} what="link to this event" icon={IconLink} />;
}
