import { Button, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { meQuery } from "../../api/session";
import { membersQuery, renameTeam, teamQuery } from "../../api/team";
import { ErrorCard } from "../../components/ErrorCard";
import { Card } from "./Card";
import classes from "./TeamPage.module.css";

const NAME_LENGTH_MAX = 100;

export function MembersTab() {
  return (
    <>
      <TeamName />
      <Card title="Members" about="Everyone here can do everything." flush>
        <Members />
      </Card>
    </>
  );
}

function TeamName() {
  const { data: me } = useSuspenseQuery(meQuery);
  const client = useQueryClient();
  const [name, setName] = useState(me.team.name);
  const rename = useMutation({
    mutationFn: renameTeam,
    onSuccess: ({ name: saved }) => {
      setName(saved);
      client.setQueryData(meQuery.queryKey, (old) =>
        old ? { ...old, team: { ...old.team, name: saved } } : old,
      );
      client.setQueryData(teamQuery.queryKey, (old) => (old ? { ...old, name: saved } : old));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name.trim());
  };
  const isChanged = name.trim() !== "" && name.trim() !== me.team.name;
  return (
    <Card title="Team name">
      <form className={classes.nameForm} onSubmit={submit}>
        <TextInput
          aria-label="Team name"
          value={name}
          maxLength={NAME_LENGTH_MAX}
          onChange={(event) => {
            rename.reset();
            setName(event.currentTarget.value);
          }}
          error={rename.error?.message}
        />
        <Button type="submit" variant="default" disabled={!isChanged} loading={rename.isPending}>
          {rename.isSuccess && !isChanged ? "Saved" : "Save"}
        </Button>
      </form>
    </Card>
  );
}

function Members() {
  const members = useQuery(membersQuery);
  if (members.error) return <ErrorCard error={members.error} onRetry={() => void members.refetch()} />;
  if (!members.data) return <Skeleton height={40} m={18} width="auto" />;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th>Name</th>
          <th>Email</th>
          <th>Signs in with</th>
        </tr>
      </thead>
      <tbody>
        {members.data.map((member) => (
          <tr key={member._id}>
            <td>
              {member.name || member.email} {member.isCurrentUser && <span className={classes.tag}>You</span>}
            </td>
            <td>{member.email}</td>
            <td className={classes.quiet}>{member.hasPasswordAuth ? "Password" : "No password yet"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
