import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { register } from "../../api/session";
import { AuthLayout } from "../../components/AuthLayout";
import { Notice } from "../../components/Notice";
import { isPasswordValid } from "../../model/password";
import { takeRememberedPage } from "../../state/returnTo";
import { parseParams } from "../../state/url";
import { PasswordChecklist } from "./PasswordChecklist";

/** The first person in creates the team. */
export function RegisterPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [confirmPassword, setConfirmPassword] = useState("");
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const signUp = useMutation({
    mutationFn: register,
    onSuccess: async () => {
      queryClient.clear();
      const page = new URL(takeRememberedPage() ?? "/search", location.origin);
      await navigate({ to: page.pathname, search: parseParams(page.search), replace: true });
    },
  });
  const matches = password !== "" && password === confirmPassword;
  const ready = /.+@.+/.test(email) && isPasswordValid(password) && matches;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) signUp.mutate({ email: email.trim(), password, confirmPassword });
  };
  return (
    <AuthLayout title="Create your team" lead="The first account sets up this server.">
      <title>Create your team · ClickStack</title>
      <form onSubmit={submit}>
        <Stack gap={14}>
          {signUp.error && <Notice tone="error">{friendly(signUp.error)}</Notice>}
          <TextInput
            label="Email"
            name="email"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="new-password"
            required
            withAsterisk={false}
            aria-describedby="password-rules"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <PasswordInput
            label="Confirm password"
            name="confirmPassword"
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={confirmPassword}
            onChange={(event) => setConfirmPassword(event.currentTarget.value)}
          />
          <PasswordChecklist id="password-rules" password={password} matches={matches} />
          <Button type="submit" size="md" disabled={!ready} loading={signUp.isPending} fullWidth mt={4}>
            Create account
          </Button>
        </Stack>
      </form>
    </AuthLayout>
  );
}

function friendly(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.status === 409) return "This server already has its team. Log in instead.";
  if (error.message === "invalid") return "This email cannot be registered. Use another one.";
  return error.message;
}
