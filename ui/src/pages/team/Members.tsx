import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeRole, type Member, membersQuery, removeMember } from "../../api/people";
import type { Role } from "../../api/session";
import { Confirm } from "../../components/Confirm";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { ROLE_CHOICES } from "../../model/roles";
import classes from "./MembersTab.module.css";
import teamClasses from "./TeamPage.module.css";

/** Who is in the team and as what. Only admins may change it. */
export function Members({ isAdmin }: { isAdmin: boolean }) {
  const members = useQuery(membersQuery);
  const client = useQueryClient();
  const [leaving, setLeaving] = useState<Member | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: membersQuery.queryKey });
  const roleChange = useMutation({ mutationFn: changeRole, onSettled: refresh });
  const removal = useMutation({
    mutationFn: removeMember,
    onSuccess: () => {
      setLeaving(null);
      void refresh();
    },
  });
  if (members.error) return <ErrorCard error={members.error} onRetry={() => void members.refetch()} />;
  if (!members.data) return <Skeleton height={40} m={18} width="auto" />;
  return (
    <>
      {roleChange.error && (
        <div className={classes.notice}>
          <Notice tone="error">{roleChange.error.message}</Notice>
        </div>
      )}
      <table className={teamClasses.table}>
        <thead>
          <tr>
            <th>Name</th>
            <th>Signs in with</th>
            <th>Role</th>
            {isAdmin && <th aria-label="Remove" />}
          </tr>
        </thead>
        <tbody>
          {members.data.map((member) => (
            <tr key={member._id}>
              <td>
                <NameAndEmail member={member} />
              </td>
              <td className={teamClasses.quiet}>{member.hasPasswordAuth ? "Password" : "Single sign-on"}</td>
              <td>
                {isAdmin ? (
                  <SegmentedControl
                    size="xs"
                    aria-label={`Role of ${member.email}`}
                    data={ROLE_CHOICES}
                    value={member.role}
                    disabled={roleChange.isPending}
                    onChange={(role) => roleChange.mutate({ id: member._id, role: role as Role })}
                  />
                ) : (
                  <span className={classes.role}>{member.role}</span>
                )}
              </td>
              {isAdmin && (
                <td className={classes.action}>
                  {!member.isCurrentUser && (
                    <Button
                      variant="default"
                      size="compact-sm"
                      aria-label={`Remove ${member.email}`}
                      onClick={() => {
                        removal.reset();
                        setLeaving(member);
                      }}
                    >
                      Remove
                    </Button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <Confirm
        opened={leaving !== null}
        title={`Remove ${leaving?.email ?? ""}?`}
        confirmLabel="Remove"
        busy={removal.isPending}
        onConfirm={() => leaving && removal.mutate(leaving._id)}
        onClose={() => setLeaving(null)}
      >
        <p style={{ margin: 0 }}>
          Their sessions and access keys stop working at once. Dashboards, searches and alerts stay.
        </p>
        {removal.error && (
          <div style={{ marginTop: 12 }}>
            <Notice tone="error">{removal.error.message}</Notice>
          </div>
        )}
      </Confirm>
    </>
  );
}

function NameAndEmail({ member }: { member: Member }) {
  return (
    <>
      {member.name || member.email} {member.isCurrentUser && <span className={teamClasses.tag}>You</span>}
      {member.name && member.name !== member.email && <div className={classes.email}>{member.email}</div>}
    </>
  );
}
