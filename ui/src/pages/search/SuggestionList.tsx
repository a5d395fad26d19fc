import type { Suggestion } from "../../model/suggest";
import { IconCode, IconHistory, IconListSearch, IconPoint } from "../../theme/icons";
import classes from "./Toolbar.module.css";

type Props = {
  id: string;
  offers: readonly Suggestion[];
  active: number;
  onAccept: (offer: Suggestion) => void;
};

const ICONS = { recent: IconHistory, example: IconListSearch, field: IconCode, value: IconPoint };
const WORDS = { recent: "recent", example: "example", field: "field", value: "value" };

export function SuggestionList({ id, offers, active, onAccept }: Props) {
  return (
    <div id={id} role="listbox" aria-label="Suggestions" className={classes.offers}>
      {offers.map((offer, at) => {
        const Icon = ICONS[offer.kind];
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the text field handles the keys of its list
          <div
            key={`${offer.kind} ${offer.label}`}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className={classes.offer}
            // The field must keep the focus, or its list closes before the click arrives.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onAccept(offer)}
          >
            <Icon size={13} stroke={1.75} aria-hidden="true" />
            <span>{offer.label}</span>
            <em>{WORDS[offer.kind]}</em>
          </div>
        );
      })}
    </div>
  );
}
