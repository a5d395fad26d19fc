import { type KeyboardEvent, type Ref, useId } from "react";
import type { WhereLanguage } from "../model/clause";
import { faultSpan, type Token, tokens } from "../model/highlight";
import classes from "./QueryInput.module.css";

export type Fault = { message: string; position?: number | undefined; hint?: string | undefined };
type Props = {
  value: string;
  language: WhereLanguage;
  fault: Fault | null;
  placeholder: string;
  inputRef: Ref<HTMLTextAreaElement>;
  combobox: { listId: string; expanded: boolean; activeId: string | undefined };
  onChange: (value: string) => void;
  onRun: () => void;
  onFocus: () => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
};

/** A growing text field whose text is coloured by a copy behind it; the copy also gives the field its height. */
export function QueryInput(props: Props) {
  const { value, language, fault } = props;
  const messageId = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    props.onKeyDown(event);
    if (event.defaultPrevented || event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      props.onRun();
    }
    if (event.key === "Escape") event.currentTarget.blur();
  };
  return (
    <div className={classes.field}>
      <div className={classes.copy} aria-hidden="true">
        <Coloured text={value} language={language} fault={fault} />
        {/* A trailing line break needs something after it to count as a line. */}
        {"\u200b"}
      </div>
      <textarea
        ref={props.inputRef}
        className={classes.input}
        aria-label="Filter"
        role="combobox"
        aria-autocomplete="list"
        aria-controls={props.combobox.listId}
        aria-expanded={props.combobox.expanded}
        aria-activedescendant={props.combobox.activeId}
        aria-invalid={fault !== null}
        aria-describedby={fault ? messageId : undefined}
        placeholder={props.placeholder}
        rows={1}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onFocus={props.onFocus}
        onBlur={props.onBlur}
      />
      {fault && (
        <div id={messageId} className={classes.fault} role="alert">
          <b>{fault.message}</b> {fault.hint && <span>{fault.hint}</span>}
        </div>
      )}
    </div>
  );
}

function Coloured({ text, language, fault }: { text: string; language: WhereLanguage; fault: Fault | null }) {
  const span = fault?.position !== undefined && text ? faultSpan(text, fault.position) : null;
  let at = 0;
  return tokens(text, language).map((token) => {
    const start = at;
    at += token.text.length;
    return <Piece key={start} token={token} start={start} span={span} />;
  });
}

function Piece({
  token,
  start,
  span,
}: {
  token: Token;
  start: number;
  span: { from: number; to: number } | null;
}) {
  const { text, kind } = token;
  if (!span || span.to <= start || span.from >= start + text.length) {
    return <span data-kind={kind}>{text}</span>;
  }
  const from = Math.max(0, span.from - start);
  const to = span.to - start;
  return (
    <span data-kind={kind}>
      {text.slice(0, from)}
      <mark>{text.slice(from, to)}</mark>
      {text.slice(to)}
    </span>
  );
}
