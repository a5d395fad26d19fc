import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { installationQuery, loginAction, singleSignOnUrl } from "../../api/session";
import { AuthLayout } from "../../components/AuthLayout";
import { Notice } from "../../components/Notice";

const MESSAGES: Record<string, { tone: "error" | "info"; text: string }> = {
  authFail: { tone: "error", text: "The email or the password is not right." },
  missing: { tone: "error", text: "Enter both the email and the password." },
  invalid: { tone: "error", text: "Enter both the email and the password." },
  passwordAuthNotAllowed: { tone: "error", text: "This team does not allow signing in with a password." },
  teamAlreadyExists: {
    tone: "info",
    text: "This server already has its team. Log in, or ask a member to invite you.",
  },
  sessionExpired: { tone: "info", text: "Your session has ended. Log in to go on where you were." },
  tooManyAttempts: {
    tone: "error",
    text: "Too many failed attempts. Wait a quarter of an hour, then try again.",
  },
  oidcFailed: { tone: "error", text: "The identity provider did not let you through. Try again." },
  oidcNotAllowed: {
    tone: "error",
    text: "You are known to the identity provider, but not here. Ask an admin of the team for an invitation.",
  },
  unknown: { tone: "error", text: "Logging in failed on the server. Try again in a moment." },
};

/** A native form post, so that password managers work and a script error cannot lock anyone out. */
export function LoginPage() {
  const { err } = useSearch({ from: "/login" });
  const { data: installation } = useQuery(installationQuery);
  const [sending, setSending] = useState(false);
  const message = err ? (MESSAGES[err] ?? MESSAGES.unknown) : null;
  return (
    <AuthLayout title="Log in" lead="Welcome back.">
      <title>Log in · ClickStack</title>
      <form method="post" action={loginAction()} onSubmit={() => setSending(true)}>
        <Stack gap={14}>
          {message && <Notice tone={message.tone}>{message.text}</Notice>}
          <TextInput
            label="Email"
            name="email"
            type="email"
            autoComplete="username"
            required
            autoFocus
            withAsterisk={false}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
          />
          <Button type="submit" size="md" loading={sending} mt={6} fullWidth>
            Log in
          </Button>
          {installation?.oidc && (
            <Button component="a" href={singleSignOnUrl()} variant="default" size="md" fullWidth>
              Log in with single sign-on
            </Button>
          )}
        </Stack>
      </form>
    </AuthLayout>
  );
}
