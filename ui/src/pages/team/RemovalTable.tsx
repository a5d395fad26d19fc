import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Confirm } from "../../components/Confirm";
import classes from "./RemovalTable.module.css";
import teamClasses from "./TeamPage.module.css";

export type Column<Row> = {
  head: string;
  /** Explains the head. */
  title?: string;
  quiet?: boolean;
  cell: (row: Row) => ReactNode;
};

type Props<Row> = {
  rows: Row[];
  columns: Column<Row>[];
  className?: string;
  idOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  /** "Revoke" */
  verb: string;
  /** "key": what is removed, in the question and on its button. */
  noun?: string;
  /** What removing breaks. */
  warning: ReactNode;
  remove: (id: string) => Promise<unknown>;
  onRemoved: (id: string) => void;
  /** Whether a row has the button at all. */
  mayRemove?: (row: Row) => boolean;
  /** More buttons of a row. */
  more?: (row: Row) => ReactNode;
};

/** A table of the settings whose rows can be taken away, after a question. */
export function RemovalTable<Row>(props: Props<Row>) {
  const { rows, columns, className = "", idOf, nameOf, verb, noun, warning, remove, onRemoved } = props;
  const { mayRemove = () => true, more } = props;
  const [doomed, setDoomed] = useState<Row | null>(null);
  const removal = useMutation({
    mutationFn: remove,
    onSuccess: (_, id) => {
      setDoomed(null);
      onRemoved(id);
    },
  });
  const ask = (row: Row) => {
    removal.reset();
    setDoomed(row);
  };
  const hasButtons = more !== undefined || rows.some(mayRemove);
  return (
    <>
      <table className={`${teamClasses.table} ${className}`}>
        <thead>
          <tr>
            {columns.map(({ head, title }) => (
              <th key={head} title={title}>
                {head}
              </th>
            ))}
            {hasButtons && <th aria-label={more ? `Edit or ${verb.toLowerCase()}` : verb} />}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={idOf(row)}>
              {columns.map(({ head, quiet, cell }) => (
                <td key={head} className={quiet ? teamClasses.quiet : undefined}>
                  {cell(row)}
                </td>
              ))}
              {hasButtons && (
                <td className={classes.action}>
                  {more?.(row)}{" "}
                  {mayRemove(row) && <RowButton label={verb} name={nameOf(row)} onClick={() => ask(row)} />}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <Confirm
        opened={doomed !== null}
        title={`${verb} ${noun ? `the ${noun} ` : ""}${doomed ? nameOf(doomed) : ""}?`}
        confirmLabel={noun ? `${verb} key` : verb}
        busy={removal.isPending}
        error={removal.error}
        onConfirm={() => doomed && removal.mutate(idOf(doomed))}
        onClose={() => setDoomed(null)}
      >
        {warning}
      </Confirm>
    </>
  );
}

export function RowButton({ label, name, onClick }: { label: string; name: string; onClick: () => void }) {
  return (
    <Button variant="default" size="compact-sm" aria-label={`${label} ${name}`} onClick={onClick}>
      {label}
    </Button>
  );
}
