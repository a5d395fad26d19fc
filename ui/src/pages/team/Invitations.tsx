import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deleteInvitation, type Invitation, invitationsQuery, invite } from "../../api/people";
import type { Role } from "../../api/session";
import { CopyButton } from "../../components/CopyButton";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { ROLE_CHOICES } from "../../model/roles";
import { formatAgo } from "../../model/timeFormat";
import { Card } from "./Card";
import classes from "./MembersTab.module.css";
import teamClasses from "./TeamPage.module.css";

/** Links that let people in. No mail is sent: an admin copies the link and sends it. */
export function Invitations() {
  const invitations = useQuery(invitationsQuery);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  const deletion = useMutation({ mutationFn: deleteInvitation, onSettled: refresh });
  return (
    <Card
      title="Invitations"
      about="Each invitation is a link, good for 30 days and for one person. Copy it and send it yourself."
      flush
    >
      <Invite onInvited={() => void refresh()} />
      {invitations.error && (
        <ErrorCard error={invitations.error} onRetry={() => void invitations.refetch()} />
      )}
      {deletion.error && (
        <div className={classes.notice}>
          <Notice tone="error">{deletion.error.message}</Notice>
        </div>
      )}
      {invitations.data && invitations.data.length > 0 && (
        <InvitationTable
          invitations={invitations.data}
          nowMs={invitations.dataUpdatedAt}
          onDelete={(id) => deletion.mutate(id)}
        />
      )}
    </Card>
  );
}

function Invite({ onInvited }: { onInvited: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const invitation = useMutation({
    mutationFn: invite,
    onSuccess: () => {
      setEmail("");
      onInvited();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invitation.mutate({ email: email.trim(), role });
  };
  return (
    <form className={classes.invite} onSubmit={submit}>
      <TextInput
        aria-label="Email of the person to invite"
        type="email"
        placeholder="grace@example.com"
        value={email}
        onChange={(event) => {
          invitation.reset();
          setEmail(event.currentTarget.value);
        }}
        error={invitation.error?.message}
      />
      <SegmentedControl
        aria-label="Role of the person to invite"
        data={ROLE_CHOICES}
        value={role}
        onChange={(value) => setRole(value as Role)}
      />
      <Button type="submit" variant="default" disabled={email.trim() === ""} loading={invitation.isPending}>
        Invite
      </Button>
    </form>
  );
}

type TableProps = { invitations: Invitation[]; nowMs: number; onDelete: (id: string) => void };

function InvitationTable({ invitations, nowMs, onDelete }: TableProps) {
  return (
    <table className={teamClasses.table}>
      <thead>
        <tr>
          <th>Email</th>
          <th>Role</th>
          <th>Ends</th>
          <th aria-label="Link" />
        </tr>
      </thead>
      <tbody>
        {invitations.map((each) => (
          <tr key={each._id}>
            <td>{each.email}</td>
            <td className={classes.role}>{each.role}</td>
            <td className={teamClasses.quiet}>{formatAgo(Date.parse(each.expiresAt), nowMs)}</td>
            <td className={classes.action}>
              <CopyButton value={each.url} what={`invitation link of ${each.email}`} />{" "}
              <Button
                variant="default"
                size="compact-sm"
                aria-label={`Delete the invitation of ${each.email}`}
                onClick={() => onDelete(each._id)}
              >
                Delete
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
