import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { type FormEvent, useId, useState } from "react";
import { formatInstant, formatWindow, zoneName } from "../model/timeFormat";
import {
  QUICK_RANGES,
  relativeLabel,
  resolve,
  type TimeRange,
  type Window,
  type Zone,
} from "../model/timeRange";
import { parseTimeText, TIME_TEXT_EXAMPLES } from "../model/timeText";
import classes from "./TimePicker.module.css";

type Props = {
  range: TimeRange;
  window: Window;
  zone: Zone;
  onZone: (zone: Zone) => void;
  onChange: (range: TimeRange) => void;
};

export function TimePickerPanel({ range, window, zone, onZone, onChange }: Props) {
  return (
    <div className={classes.panel}>
      <div className={classes.forms}>
        <TypedRange zone={zone} onChange={onChange} />
        <FromTo key={`${window.from}-${window.to}-${zone}`} window={window} zone={zone} onChange={onChange} />
        <div className={classes.zone}>
          <span>Times in {zone === "utc" ? "UTC" : `local time, ${zoneName("local", window.to)}`}</span>
          <SegmentedControl
            aria-label="Time zone"
            value={zone}
            onChange={(value) => onZone(value as Zone)}
            data={[
              { value: "local", label: "Local" },
              { value: "utc", label: "UTC" },
            ]}
          />
        </div>
      </div>
      <ul className={classes.quick} aria-label="Quick ranges">
        {QUICK_RANGES.map(({ label, spanMs }) => (
          <li key={spanMs}>
            <button
              type="button"
              aria-pressed={range.kind === "relative" && range.spanMs === spanMs}
              onClick={() => onChange({ kind: "relative", spanMs })}
            >
              Last {label}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Words in, a range out; what the words mean is shown while they are typed. */
function TypedRange({ zone, onChange }: { zone: Zone; onChange: (range: TimeRange) => void }) {
  const [text, setText] = useState("");
  const [now] = useState(() => Date.now());
  const parsed = text ? parseTimeText(text, now, zone) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed?.ok) onChange(parsed.range);
  };
  return (
    <form onSubmit={submit}>
      <TextInput
        label="Type a range"
        data-autofocus
        placeholder={TIME_TEXT_EXAMPLES[0]}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={parsed && !parsed.ok ? parsed.message : null}
      />
      {!parsed && (
        <div className={classes.examples}>
          {TIME_TEXT_EXAMPLES.map((example) => (
            <button key={example} type="button" onClick={() => setText(example)}>
              {example}
            </button>
          ))}
        </div>
      )}
      {parsed?.ok && (
        <div className={classes.preview}>
          <span>
            {parsed.range.kind === "relative" && `${relativeLabel(parsed.range.spanMs)}: `}
            {formatWindow(resolve(parsed.range, now), zone)}
          </span>
          <Button type="submit">Use</Button>
        </div>
      )}
    </form>
  );
}

function FromTo({ window, zone, onChange }: Omit<Props, "range" | "onZone">) {
  const [from, setFrom] = useState(() => formatInstant(window.from, zone));
  const [to, setTo] = useState(() => formatInstant(window.to, zone));
  const id = useId();
  const [message, setMessage] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = parseTimeText(`${from} to ${to}`, Date.now(), zone);
    if (parsed.ok) onChange(parsed.range);
    else setMessage(parsed.message);
  };
  return (
    <form onSubmit={submit} className={classes.fromTo}>
      <label className={classes.end} htmlFor={`${id}-from`}>
        From
        <TextInput
          id={`${id}-from`}
          size="xs"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label className={classes.end} htmlFor={`${id}-to`}>
        To
        <TextInput
          id={`${id}-to`}
          size="xs"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      {message && (
        <p className={classes.message} role="alert">
          {message}
        </p>
      )}
      <Button type="submit" variant="default" fullWidth>
        Apply
      </Button>
    </form>
  );
}
