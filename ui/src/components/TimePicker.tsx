import { ActionIcon, Popover, Tooltip, UnstyledButton } from "@mantine/core";
import { formatWindow, zoneName } from "../model/timeFormat";
import {
  absolute,
  relativeLabel,
  shift,
  type TimeRange,
  type Window,
  type Zone,
  zoomOut,
} from "../model/timeRange";
import { IconChevronLeft, IconChevronRight, IconClock, IconZoomOut } from "../theme/icons";
import classes from "./TimePicker.module.css";
import { TimePickerPanel } from "./TimePickerPanel";

type Props = {
  range: TimeRange;
  window: Window;
  zone: Zone;
  opened: boolean;
  onOpened: (opened: boolean) => void;
  onZone: (zone: Zone) => void;
  onChange: (range: TimeRange) => void;
};

/** The range in words, its neighbours one click away, and a panel to choose another. */
export function TimePicker({ range, window, zone, opened, onOpened, onZone, onChange }: Props) {
  const label = range.kind === "relative" ? relativeLabel(range.spanMs) : formatWindow(window, zone);
  const step = (direction: -1 | 1) => onChange(absolute(shift(window, direction)));
  return (
    <div className={classes.group}>
      <Tooltip label="Earlier">
        <ActionIcon aria-label="Earlier window" className={classes.step} onClick={() => step(-1)}>
          <IconChevronLeft size={15} />
        </ActionIcon>
      </Tooltip>
      <Popover opened={opened} onChange={onOpened} position="bottom-end" trapFocus returnFocus offset={6}>
        <Popover.Target>
          <UnstyledButton
            className={classes.target}
            aria-label={`Time range: ${label}`}
            aria-expanded={opened}
            onClick={() => onOpened(!opened)}
          >
            <IconClock size={14} aria-hidden="true" />
            <span>{label}</span>
            {range.kind === "absolute" && <em>{zoneName(zone, window.from)}</em>}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown p={0} className={classes.dropdown} aria-label="Choose a time range">
          <TimePickerPanel
            range={range}
            window={window}
            zone={zone}
            onZone={onZone}
            onChange={(next) => {
              onOpened(false);
              onChange(next);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <Tooltip label="Later">
        <ActionIcon
          aria-label="Later window"
          className={classes.step}
          disabled={range.kind === "relative"}
          onClick={() => step(1)}
        >
          <IconChevronRight size={15} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Zoom out">
        <ActionIcon
          aria-label="Zoom out"
          className={classes.step}
          onClick={() => onChange(widened(range, window))}
        >
          <IconZoomOut size={15} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

/** Twice the window; a relative range stays relative. */
function widened(range: TimeRange, window: Window): TimeRange {
  if (range.kind === "relative") return { kind: "relative", spanMs: range.spanMs * 2 };
  return absolute(zoomOut(window, window.to));
}
