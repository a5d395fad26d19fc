import { Button, Menu, Tooltip } from "@mantine/core";
import { type RefObject, useState } from "react";
import type { Source } from "../../api/sources";
import type { Fault } from "../../components/QueryInput";
import { TimePicker } from "../../components/TimePicker";
import { useKeys } from "../../components/useKeys";
import type { WhereLanguage } from "../../model/clause";
import { examplesFor } from "../../model/examples";
import type { Vocabulary } from "../../model/suggest";
import type { TimeRange, Window } from "../../model/timeRange";
import { useLiveEvery, useZone } from "../../state/settings";
import { IconBroadcast, IconChevronDown, IconPlayerPlay, IconPlayerStop } from "../../theme/icons";
import { QueryBox } from "./QueryBox";
import { SourceSelect } from "./SourceSelect";
import classes from "./Toolbar.module.css";
import { useDraft } from "./useDraft";
import { useLasting } from "./useLasting";
import { LIVE_CHOICES_MS } from "./useLiveTail";

type Props = {
  sources: readonly Source[];
  source: Source | null;
  where: string;
  language: WhereLanguage;
  fault: Fault | null;
  vocabulary: Vocabulary;
  inputRef: RefObject<HTMLTextAreaElement | null>;
  range: TimeRange;
  window: Window;
  isLive: boolean;
  isRunning: boolean;
  onSource: (source: Source) => void;
  onLanguage: (language: WhereLanguage) => void;
  onRange: (range: TimeRange) => void;
  onLive: (isLive: boolean) => void;
  onRun: (draft: string) => void;
  onCancel: () => void;
};

const CANCEL_SHOWN_AFTER_MS = 300;

export function Toolbar(props: Props) {
  const [timeOpened, setTimeOpened] = useState(false);
  const [zone, setZone] = useZone();
  const [draft, setDraft] = useDraft(props.where);
  const isDirty = draft !== props.where;
  const runText = (text: string) => {
    setDraft(text);
    props.onRun(text);
  };
  useKeys({
    "/": () => props.inputRef.current?.focus(),
    d: () => setTimeOpened(true),
    l: () => props.onLive(!props.isLive),
  });
  const stoppable = useLasting(props.isRunning && !props.isLive, CANCEL_SHOWN_AFTER_MS);
  return (
    <div className={classes.bar} role="search">
      <SourceSelect sources={props.sources} source={props.source} onChange={props.onSource} />
      <QueryBox
        draft={draft}
        language={props.language}
        fault={isDirty ? null : props.fault}
        placeholder={examplesFor(props.source?.kind, props.language).placeholder}
        vocabulary={props.vocabulary}
        inputRef={props.inputRef}
        onDraft={setDraft}
        onLanguage={props.onLanguage}
        onRun={runText}
      />
      <TimePicker
        range={props.range}
        window={props.window}
        zone={zone}
        opened={timeOpened}
        onOpened={setTimeOpened}
        onZone={setZone}
        onChange={props.onRange}
      />
      <LiveButton isLive={props.isLive} onLive={props.onLive} />
      {stoppable ? (
        <Button
          className={classes.run}
          variant="default"
          leftSection={<IconPlayerStop size={13} />}
          onClick={props.onCancel}
        >
          Cancel
        </Button>
      ) : (
        <Button
          className={classes.run}
          data-dirty={isDirty}
          leftSection={<IconPlayerPlay size={13} />}
          disabled={!props.source}
          onClick={() => runText(draft)}
        >
          Run
        </Button>
      )}
    </div>
  );
}

function LiveButton({ isLive, onLive }: { isLive: boolean; onLive: (isLive: boolean) => void }) {
  const [every, setEvery] = useLiveEvery();
  return (
    <div className={classes.live} data-live={isLive}>
      <Tooltip label={isLive ? "Pause live tail (l)" : "Follow new events (l)"}>
        <button type="button" aria-pressed={isLive} onClick={() => onLive(!isLive)}>
          {isLive ? <i aria-hidden="true" /> : <IconBroadcast size={14} aria-hidden="true" />}
          Live
        </button>
      </Tooltip>
      {isLive && (
        <Menu position="bottom-end" offset={6}>
          <Menu.Target>
            <button type="button" aria-label={`Refresh every ${every / 1000} s`}>
              {every / 1000} s <IconChevronDown size={12} aria-hidden="true" />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Refresh every</Menu.Label>
            {LIVE_CHOICES_MS.map((ms) => (
              <Menu.Item key={ms} onClick={() => setEvery(ms)}>
                {ms / 1000} s
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}
