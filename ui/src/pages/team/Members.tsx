import { SegmentedControl, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { changeRole, type Member, membersQuery, removeMember } from "../../api/people";
import type { Role } from "../../api/session";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { ROLE_CHOICES } from "../../model/roles";
import classes from "./MembersTab.module.css";
import { type Column, RemovalTable } from "./RemovalTable";
import teamClasses from "./TeamPage.module.css";

/** Who is in the team and as what. Only admins may change it. */
export function Members({ isAdmin }: { isAdmin: boolean }) {
  const members = useQuery(membersQuery);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: membersQuery.queryKey });
  const roleChange = useMutation({ mutationFn: changeRole, onSettled: refresh });
  const columns: Column<Member>[] = [
    { head: "Name", cell: (member) => <NameAndEmail member={member} /> },
    {
      head: "Signs in with",
      quiet: true,
      cell: ({ hasPasswordAuth }) => (hasPasswordAuth ? "Password" : "Single sign-on"),
    },
    {
      head: "Role",
      cell: ({ _id: id, email, role }) =>
        isAdmin ? (
          <SegmentedControl
            size="xs"
            aria-label={`Role of ${email}`}
            data={ROLE_CHOICES}
            value={role}
            disabled={roleChange.isPending}
            onChange={(chosen) => roleChange.mutate({ id, role: chosen as Role })}
          />
        ) : (
          <span className={classes.role}>{role}</span>
        ),
    },
  ];
  if (members.error) return <ErrorCard error={members.error} onRetry={() => void members.refetch()} />;
  if (!members.data) return <Skeleton height={40} m={18} width="auto" />;
  return (
    <>
      {roleChange.error && (
        <div className={classes.notice}>
          <Notice tone="error">{roleChange.error.message}</Notice>
        </div>
      )}
      <RemovalTable
        rows={members.data}
        columns={columns}
        idOf={(member) => member._id}
        nameOf={({ email }) => email}
        verb="Remove"
        warning="Their sessions and access keys stop working at once. Dashboards, searches and alerts stay."
        remove={removeMember}
        onRemoved={() => void refresh()}
        mayRemove={({ isCurrentUser }) => isAdmin && !isCurrentUser}
      />
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
