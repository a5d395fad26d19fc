import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { meQuery } from "../../api/session";
import { renameTeam, teamQuery } from "../../api/team";
import { Card } from "./Card";
import { Invitations } from "./Invitations";
import { Members } from "./Members";
import classes from "./TeamPage.module.css";

const NAME_LENGTH_MAX = 100;

export function MembersTab() {
  const { data: me } = useSuspenseQuery(meQuery);
  const isAdmin = me.role === "admin";
  return (
    <>
      <TeamName isAdmin={isAdmin} />
      <Card
        title="Members"
        about="Viewers read. Editors also change dashboards, alerts, searches and sources. Admins also change people, connections and keys."
        flush
      >
        <Members isAdmin={isAdmin} />
      </Card>
      {isAdmin && <Invitations />}
    </>
  );
}

function TeamName({ isAdmin }: { isAdmin: boolean }) {
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
          disabled={!isAdmin}
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
