import { SegmentedControl } from "@mantine/core";
import { type KeyboardEvent, type RefObject, useId, useState } from "react";
import { type Fault, QueryInput } from "../../components/QueryInput";
import type { WhereLanguage } from "../../model/clause";
import { type Suggestion, suggest, type Vocabulary } from "../../model/suggest";
import { SuggestionList } from "./SuggestionList";
import classes from "./Toolbar.module.css";

type Props = {
  draft: string;
  language: WhereLanguage;
  fault: Fault | null;
  placeholder: string;
  vocabulary: Vocabulary;
  inputRef: RefObject<HTMLTextAreaElement | null>;
  onDraft: (draft: string) => void;
  onLanguage: (language: WhereLanguage) => void;
  onRun: (draft: string) => void;
};

/** The query field with its language, and what could be typed next below it. */
export function QueryBox(props: Props) {
  const { draft, language, fault, inputRef } = props;
  const listId = useId();
  const [focused, setFocused] = useState(false);
  const [dismissed, setDismissed] = useState(false);
  const [active, setActive] = useState(-1);
  const [caret, setCaret] = useState(0);
  const offers = focused && !dismissed ? suggest(draft, caret, language, props.vocabulary) : [];

  const change = (text: string) => {
    setCaret(inputRef.current?.selectionStart ?? text.length);
    setDismissed(false);
    setActive(-1);
    props.onDraft(text);
  };
  const accept = (offer: Suggestion) => {
    props.onDraft(offer.text);
    setActive(-1);
    setCaret(offer.caret);
    const whole = offer.kind === "recent" || offer.kind === "example";
    setDismissed(whole);
    if (whole) props.onRun(offer.text);
    requestAnimationFrame(() => inputRef.current?.setSelectionRange(offer.caret, offer.caret));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (offers.length === 0) return;
    const chosen = offers[active];
    const isField = offers[0]?.kind === "field" || offers[0]?.kind === "value";
    if (event.key === "ArrowDown") setActive((active + 1) % offers.length);
    else if (event.key === "ArrowUp" && active >= 0) setActive(active - 1);
    else if (event.key === "Tab" && isField) accept(chosen ?? (offers[0] as Suggestion));
    else if (event.key === "Enter" && chosen && !event.shiftKey) accept(chosen);
    else if (event.key === "Escape") setDismissed(true);
    else return;
    event.preventDefault();
  };
  const run = () => {
    setDismissed(true);
    props.onRun(draft);
  };
  return (
    <div className={classes.query} data-fault={fault !== null}>
      <SegmentedControl
        className={classes.language}
        aria-label="Query language"
        value={language}
        onChange={(value) => props.onLanguage(value as WhereLanguage)}
        data={[
          { value: "lucene", label: "Lucene" },
          { value: "sql", label: "SQL" },
        ]}
      />
      <QueryInput
        value={draft}
        language={language}
        fault={fault}
        placeholder={props.placeholder}
        inputRef={inputRef}
        combobox={{
          listId,
          expanded: offers.length > 0,
          activeId: active >= 0 ? `${listId}-${active}` : undefined,
        }}
        onChange={change}
        onRun={run}
        onKeyDown={onKeyDown}
        onFocus={() => {
          setFocused(true);
          setDismissed(false);
          setCaret(inputRef.current?.selectionStart ?? 0);
        }}
        onBlur={() => setFocused(false)}
      />
      {offers.length > 0 && <SuggestionList id={listId} offers={offers} active={active} onAccept={accept} />}
    </div>
  );
}
