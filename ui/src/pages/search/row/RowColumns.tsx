import { Checkbox, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { KeyValues } from "../../../components/KeyValues";
import { type Leaf, leaves, type Row } from "../../../model/tree";
import { IconSearch } from "../../../theme/icons";
import classes from "./RowPanel.module.css";

type Props = {
  row: Row;
  canFilter: (leaf: Leaf) => boolean;
  onFilter: (leaf: Leaf, negate: boolean) => void;
};

/** Every column of the row as a tree that can be searched. */
export function RowColumns({ row, canFilter, onFilter }: Props) {
  const [search, setSearch] = useState("");
  const [hideBlank, setHideBlank] = useState(true);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(
    () =>
      leaves(row, { search, hideBlank }).filter(
        (leaf) => ![...closed].some((path) => leaf.path.startsWith(`${path}.`)),
      ),
    [row, search, hideBlank, closed],
  );
  const toggle = (path: string) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  return (
    <>
      <div className={classes.columnTools}>
        <TextInput
          aria-label="Search keys and values"
          placeholder="Search keys and values"
          leftSection={<IconSearch size={14} />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          flex={1}
        />
        <Checkbox
          size="xs"
          label="Hide blank"
          checked={hideBlank}
          onChange={(event) => setHideBlank(event.currentTarget.checked)}
        />
      </div>
      {lines.length === 0 && <p className={classes.nothing}>No key or value contains “{search}”.</p>}
      <KeyValues
        lines={lines}
        labelOf={(leaf) => leaf.key ?? leaf.path.split(".").at(-1) ?? leaf.path}
        canFilter={canFilter}
        onFilter={onFilter}
        closed={closed}
        onToggle={toggle}
      />
    </>
  );
}
