import { Button } from "@mantine/core";
import { useState } from "react";
import type { Source } from "../../../api/sources";
import { CopyButton } from "../../../components/CopyButton";
import { KeyValues } from "../../../components/KeyValues";
import { eventView } from "../../../model/event";
import { type Leaf, leaves, prettyJson, type Row } from "../../../model/tree";
import classes from "./RowPanel.module.css";

type Props = {
  row: Row;
  source: Source;
  canFilter: (leaf: Leaf) => boolean;
  onFilter: (leaf: Leaf, negate: boolean) => void;
};

const MESSAGE_MAX = 2000;

/** What a person reads first: the message, the exception, then attributes by group; blanks are left out. */
export function RowOverview({ row, source, canFilter, onFilter }: Props) {
  const event = eventView(row, source);
  return (
    <>
      {event.message && <Message text={event.message} />}
      {event.exception && (
        <section className={classes.group}>
          <h3>Exception</h3>
          <div className={classes.exception}>
            <b>{event.exception.type || "Exception"}</b> {event.exception.message}
            {event.exception.stacktrace && <pre>{event.exception.stacktrace}</pre>}
          </div>
        </section>
      )}
      {event.groups.map(({ title, row: part }) => {
        const lines = leaves(part, { hideBlank: true }).filter((leaf) => !leaf.branch || leaf.depth > 0);
        if (lines.length === 0) return null;
        return (
          <section key={title} className={classes.group}>
            <h3>
              {title} <span>{lines.length}</span>
            </h3>
            <KeyValues
              lines={lines.map((leaf) => ({ ...leaf, depth: 0 }))}
              labelOf={(leaf) => leaf.key ?? leaf.path}
              canFilter={canFilter}
              onFilter={onFilter}
            />
          </section>
        );
      })}
    </>
  );
}

function Message({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const [formatted, setFormatted] = useState(true);
  const json = prettyJson(text);
  const shown = formatted && json ? json : text;
  const cut = !whole && shown.length > MESSAGE_MAX;
  return (
    <div className={classes.message}>
      <pre>{cut ? `${shown.slice(0, MESSAGE_MAX)}…` : shown}</pre>
      <div className={classes.messageTools}>
        {json && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setFormatted(!formatted)}>
            {formatted ? "As sent" : "Format JSON"}
          </Button>
        )}
        {shown.length > MESSAGE_MAX && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setWhole(!whole)}>
            {whole ? "Show less" : "Show all"}
          </Button>
        )}
        <CopyButton value={text} what="the message" size={22} />
      </div>
    </div>
  );
}
