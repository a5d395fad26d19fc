import { SegmentedControl, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  changeIndexProfile,
  type IndexProfile,
  type IndexProfileName,
  indexProfilesQuery,
} from "../../api/ingestion";
import { Confirm } from "../../components/Confirm";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { Card } from "./Card";
import classes from "./IngestionTab.module.css";
import teamClasses from "./TeamPage.module.css";

type Asked = { table: string; profile: IndexProfileName };

const CHOICES: { value: IndexProfileName; label: string }[] = [
  { value: "text", label: "Text" },
  { value: "bloom", label: "Bloom" },
  { value: "none", label: "None" },
];

/** Which search indexes the tables carry. */
export function IndexProfiles() {
  const profiles = useQuery(indexProfilesQuery);
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const change = useMutation({
    mutationFn: changeIndexProfile,
    onSettled: () => setAsked(null),
    onSuccess: (data) => client.setQueryData(indexProfilesQuery.queryKey, data),
  });
  return (
    <Card
      title="Search indexes"
      about="Text indexes search fastest, bloom filters are cheaper to write, none is cheapest. What is stored already is indexed in the background."
      flush
    >
      {profiles.error && !profiles.data && (
        <ErrorCard error={profiles.error} onRetry={() => void profiles.refetch()} />
      )}
      {profiles.isPending && <Skeleton height={40} m={18} width="auto" />}
      {change.error && (
        <div className={classes.fresh}>
          <Notice tone="error">{change.error.message}</Notice>
        </div>
      )}
      {profiles.data && (
        <table className={teamClasses.table}>
          <thead>
            <tr>
              <th>Table</th>
              <th>Old rows</th>
              <th className={classes.action}>Indexes</th>
            </tr>
          </thead>
          <tbody>
            {profiles.data.map((each) => (
              <tr key={each.table}>
                <td>
                  <code>{each.table}</code>
                </td>
                <td className={classes.tables}>{progressOf(each)}</td>
                <td className={classes.action}>
                  <SegmentedControl
                    size="xs"
                    aria-label={`Indexes of ${each.table}`}
                    title={each.setting ? `Fixed by the setting ${each.setting}` : undefined}
                    data={CHOICES}
                    value={each.profile ?? ""}
                    disabled={each.setting !== null || change.isPending}
                    onChange={(profile) =>
                      setAsked({ table: each.table, profile: profile as IndexProfileName })
                    }
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Confirm
        opened={asked !== null}
        title={`Change the indexes of ${asked?.table ?? ""}?`}
        confirmLabel="Change indexes"
        busy={change.isPending}
        onConfirm={() => asked && change.mutate(asked)}
        onClose={() => setAsked(null)}
      >
        <p style={{ margin: 0 }}>
          The present indexes are dropped at once. Searches of what is stored already may be slower until the
          new ones are built, which takes processor and disk.
        </p>
      </Confirm>
    </Card>
  );
}

function progressOf({ partsToDo, parts, profile }: IndexProfile): string {
  if (partsToDo > 0) return `${partsToDo} of ${parts} parts to go`;
  return profile === null ? "indexes of the database's own" : "up to date";
}
