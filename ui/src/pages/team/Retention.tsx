import { Button, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeRetention, type Retention as Kept, retentionQuery } from "../../api/ingestion";
import { Confirm } from "../../components/Confirm";
import { ErrorCard } from "../../components/ErrorCard";
import { Card } from "./Card";
import classes from "./IngestionTab.module.css";
import teamClasses from "./TeamPage.module.css";

const NAMES: Record<string, string> = { sessions: "Session replays" };

/** How long each signal is kept. */
export function Retention() {
  const retention = useQuery(retentionQuery);
  return (
    <Card
      title="Retention"
      about="Older telemetry is deleted by itself, a day at a time. Write 30d or 36h."
      flush
    >
      {retention.error && !retention.data && (
        <ErrorCard error={retention.error} onRetry={() => void retention.refetch()} />
      )}
      {retention.isPending && <Skeleton height={40} m={18} width="auto" />}
      {retention.data && (
        <table className={teamClasses.table}>
          <thead>
            <tr>
              <th>Signal</th>
              <th>Tables</th>
              <th className={classes.action}>Kept for</th>
            </tr>
          </thead>
          <tbody>
            {retention.data.map((each) => (
              <tr key={each.signal}>
                <td className={classes.signal}>{NAMES[each.signal] ?? each.signal}</td>
                <td className={classes.tables}>
                  {each.tables[0]}
                  {each.tables.length > 1 && ` and ${each.tables.length - 1} more`}
                </td>
                <td className={classes.action}>
                  <Lifetime kept={each} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Lifetime({ kept }: { kept: Kept }) {
  const client = useQueryClient();
  const [text, setText] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (lifetime: string) => changeRetention({ [kept.signal]: lifetime }),
    onSettled: () => setAsking(false),
    onSuccess: (data) => {
      setText(null);
      client.setQueryData(retentionQuery.queryKey, data);
    },
  });
  if (kept.fixedBy) {
    return (
      <span title={`Fixed by the setting ${kept.fixedBy}`}>
        {kept.lifetime} <span className={teamClasses.tag}>{kept.fixedBy}</span>
      </span>
    );
  }
  if (!kept.lifetime) return <span className={teamClasses.tag}>a rule of the database's own</span>;
  const shown = text ?? kept.lifetime;
  const isChanged = shown.trim() !== "" && shown.trim() !== kept.lifetime;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
  };
  const name = NAMES[kept.signal] ?? kept.signal;
  return (
    <form className={classes.lifetime} onSubmit={submit}>
      <TextInput
        aria-label={`${name} kept for`}
        value={shown}
        onChange={(event) => {
          change.reset();
          setText(event.currentTarget.value);
        }}
        error={change.error?.message}
      />
      <Button type="submit" variant="default" disabled={!isChanged} loading={change.isPending}>
        {change.isSuccess && !isChanged ? "Saved" : "Save"}
      </Button>
      <Confirm
        opened={asking}
        title={`Keep ${name.toLowerCase()} for ${shown.trim()}?`}
        confirmLabel="Change retention"
        busy={change.isPending}
        onConfirm={() => change.mutate(shown.trim())}
        onClose={() => setAsking(false)}
      >
        <p style={{ margin: 0 }}>What is older is deleted, for everybody, and cannot be brought back.</p>
      </Confirm>
    </form>
  );
}
