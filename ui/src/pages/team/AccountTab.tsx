import { Button, PasswordInput, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changePassword, endOtherSessions, endSession, sessionsQuery } from "../../api/account";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { isPasswordValid } from "../../model/password";
import { formatAgo } from "../../model/timeFormat";
import { browserOf } from "../../model/userAgent";
import { Card } from "./Card";
import classes from "./MembersTab.module.css";
import teamClasses from "./TeamPage.module.css";

/** One's own sign-ins and password. */
export function AccountTab() {
  return (
    <>
      <Sessions />
      <Password />
    </>
  );
}

function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const ending = useMutation({ mutationFn: endSession, onSettled: refresh });
  const endingOthers = useMutation({ mutationFn: endOtherSessions, onSettled: refresh });
  const failure = ending.error ?? endingOthers.error;
  const rows = sessions.data ?? [];
  return (
    <Card title="Sessions" about="Where you are signed in. End what you do not know." flush>
      {sessions.error && <ErrorCard error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isPending && <Skeleton height={40} m={18} width="auto" />}
      {failure && (
        <div className={classes.notice}>
          <Notice tone="error">{failure.message}</Notice>
        </div>
      )}
      {rows.length > 0 && (
        <table className={teamClasses.table}>
          <thead>
            <tr>
              <th>Browser</th>
              <th>Address</th>
              <th>Last seen</th>
              <th className={classes.action}>
                {rows.length > 1 && (
                  <Button
                    variant="default"
                    size="compact-sm"
                    loading={endingOthers.isPending}
                    onClick={() => endingOthers.mutate()}
                  >
                    End all others
                  </Button>
                )}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((each) => (
              <tr key={each.id}>
                <td title={each.userAgent}>
                  {browserOf(each.userAgent)}{" "}
                  {each.isCurrent && <span className={teamClasses.tag}>This one</span>}
                </td>
                <td className={teamClasses.quiet}>{each.address || "unknown"}</td>
                <td className={teamClasses.quiet}>
                  {formatAgo(Date.parse(each.lastSeenAt), sessions.dataUpdatedAt)}
                </td>
                <td className={classes.action}>
                  {!each.isCurrent && (
                    <Button variant="default" size="compact-sm" onClick={() => ending.mutate(each.id)}>
                      End
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Password() {
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNew] = useState("");
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: changePassword,
    onSuccess: () => {
      setCurrent("");
      setNew("");
      void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ currentPassword, newPassword });
  };
  const ready = currentPassword !== "" && isPasswordValid(newPassword);
  return (
    <Card title="Password" about="Changing it ends all your other sessions. Access keys stay.">
      <form className={classes.password} onSubmit={submit}>
        {change.error && <Notice tone="error">{change.error.message}</Notice>}
        {change.isSuccess && newPassword === "" && <Notice tone="info">The new password is in place.</Notice>}
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          value={currentPassword}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description="12 to 72 characters with lower and upper case, a digit and a special character."
          autoComplete="new-password"
          value={newPassword}
          onChange={(event) => setNew(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={!ready} loading={change.isPending}>
          Change password
        </Button>
      </form>
    </Card>
  );
}
