import { cellText, isBlank, type Leaf } from "../model/tree";
import { IconChevronDown, IconChevronRight, IconFilter, IconFilterOff } from "../theme/icons";
import { CopyButton } from "./CopyButton";
import classes from "./KeyValues.module.css";

export type FilterLeaf = (leaf: Leaf, negate: boolean) => void;
type Props = {
  lines: readonly Leaf[];
  labelOf: (leaf: Leaf) => string;
  canFilter: (leaf: Leaf) => boolean;
  onFilter: FilterLeaf;
  closed?: ReadonlySet<string>;
  onToggle?: (path: string) => void;
};

/** Keys and values in two columns. The actions have a gutter of their own, so they never cover what is read. */
export function KeyValues({ lines, labelOf, canFilter, onFilter, closed, onToggle }: Props) {
  return (
    <dl className={classes.list}>
      {lines.map((leaf) => (
        <div key={leaf.path} className={classes.line} data-branch={leaf.branch}>
          <dt style={{ paddingLeft: leaf.depth * 16 }} title={leaf.path}>
            {leaf.branch && onToggle ? (
              <button
                type="button"
                className={classes.toggle}
                aria-expanded={!closed?.has(leaf.path)}
                onClick={() => onToggle(leaf.path)}
              >
                {closed?.has(leaf.path) ? <IconChevronRight size={12} /> : <IconChevronDown size={12} />}
                {labelOf(leaf)}
              </button>
            ) : (
              labelOf(leaf)
            )}
          </dt>
          <dd>
            {leaf.branch ? (
              <span className={classes.count}>{Object.keys(leaf.value as object).length} entries</span>
            ) : (
              <>
                <ValueText leaf={leaf} />
                <span className={classes.actions}>
                  {canFilter(leaf) && (
                    <>
                      <Action label={`Filter for ${leaf.path}`} onClick={() => onFilter(leaf, false)}>
                        <IconFilter size={13} stroke={1.75} aria-hidden="true" />
                      </Action>
                      <Action label={`Filter out ${leaf.path}`} onClick={() => onFilter(leaf, true)}>
                        <IconFilterOff size={13} stroke={1.75} aria-hidden="true" />
                      </Action>
                    </>
                  )}
                  <CopyButton value={cellText(leaf.value)} what={leaf.path} size={20} />
                </span>
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ValueText({ leaf }: { leaf: Leaf }) {
  if (leaf.value === null) return <span className={classes.blank}>null</span>;
  if (isBlank(leaf.value)) return <span className={classes.blank}>(empty)</span>;
  return <span className={classes.value}>{cellText(leaf.value)}</span>;
}

function Action(props: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <button type="button" title={props.label} aria-label={props.label} onClick={props.onClick}>
      {props.children}
    </button>
  );
}
