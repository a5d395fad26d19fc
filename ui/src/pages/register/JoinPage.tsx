import { Button, PasswordInput, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { invitedQuery, joinAction } from "../../api/people";
import { AuthLayout } from "../../components/AuthLayout";
import { Notice } from "../../components/Notice";
import { isPasswordValid } from "../../model/password";
import { PasswordChecklist } from "./PasswordChecklist";

const MESSAGES: Record<string, string> = {
  invalid: "The password does not meet the rules below.",
  "500": "Joining failed on the server. Try again in a moment.",
};

/** Where an invitation's link leads: the invited person chooses a password and is in. */
export function JoinPage() {
  const { token = "", err } = useSearch({ from: "/join-team" });
  const invited = useQuery(invitedQuery(token));
  if (invited.error) {
    return (
      <AuthLayout title="Join the team" lead="This link does not open the door.">
        <title>Join the team · ClickStack</title>
        <Notice tone="error">{invited.error.message}</Notice>
      </AuthLayout>
    );
  }
  return (
    <AuthLayout
      title={invited.data ? `Join ${invited.data.teamName}` : "Join the team"}
      lead="Choose a password for your account."
    >
      <title>Join the team · ClickStack</title>
      {invited.data ? (
        <JoinForm
          token={token}
          email={invited.data.email}
          message={err ? (MESSAGES[err] ?? MESSAGES["500"]) : null}
        />
      ) : (
        <Skeleton height={120} />
      )}
    </AuthLayout>
  );
}

type FormProps = { token: string; email: string; message: string | null | undefined };

function JoinForm({ token, email, message }: FormProps) {
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [sending, setSending] = useState(false);
  const matches = password !== "" && password === repeated;
  const ready = isPasswordValid(password) && matches;
  const submit = (event: FormEvent) => {
    if (ready) setSending(true);
    else event.preventDefault();
  };
  return (
    <form method="post" action={joinAction(token)} onSubmit={submit}>
      <Stack gap={14}>
        {message && <Notice tone="error">{message}</Notice>}
        <p style={{ margin: 0, color: "var(--text-2)" }}>
          You join as <b>{email}</b>.
        </p>
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="new-password"
          required
          withAsterisk={false}
          autoFocus
          aria-describedby="password-rules"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <PasswordInput
          label="Confirm password"
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={repeated}
          onChange={(event) => setRepeated(event.currentTarget.value)}
        />
        <PasswordChecklist id="password-rules" password={password} matches={matches} />
        <Button type="submit" size="md" disabled={!ready} loading={sending} fullWidth mt={4}>
          Join
        </Button>
      </Stack>
    </form>
  );
}
