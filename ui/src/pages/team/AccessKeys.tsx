import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  type AccessKey,
  accessKeysQuery,
  createAccessKey,
  type KeyScope,
  type NewAccessKey,
  revokeAccessKey,
} from "../../api/account";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { Secret } from "../../components/Secret";
import { formatAgo } from "../../model/timeFormat";
import { Card } from "./Card";
import ingestionClasses from "./IngestionTab.module.css";
import classes from "./MembersTab.module.css";
import { type Column, RemovalTable } from "./RemovalTable";

const NAME_LENGTH_MAX = 100;
const SCOPES = [
  { value: "read", label: "Read" },
  { value: "write", label: "Write" },
];
const LIVES = [
  { value: "30", label: "30 d" },
  { value: "90", label: "90 d" },
  { value: "365", label: "1 y" },
  { value: "", label: "No end" },
];

/** Named keys of the person: one for each program, so that one can be revoked without touching the others. */
export function AccessKeys() {
  const keys = useQuery(accessKeysQuery);
  const [fresh, setFresh] = useState<NewAccessKey | null>(null);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: accessKeysQuery.queryKey });
  const shown = keys.data?.filter(({ state }) => state !== "revoked") ?? [];
  return (
    <Card
      title="Named access keys"
      about="Give each script or agent a key of its own, no stronger and no longer than it needs."
      flush
    >
      <NewKey
        onCreated={(key) => {
          setFresh(key);
          void refresh();
        }}
      />
      {fresh && (
        <div className={ingestionClasses.fresh}>
          <Notice tone="info">
            Copy the key <b>{fresh.name}</b> now: it is not kept here and will not be shown again.
          </Notice>
          <Secret key={fresh.id} value={fresh.key} what={`key ${fresh.name}`} />
        </div>
      )}
      {keys.error && <ErrorCard error={keys.error} onRetry={() => void keys.refetch()} />}
      {shown.length > 0 && (
        <KeyTable
          keys={shown}
          nowMs={keys.dataUpdatedAt}
          onRevoked={(id) => {
            if (fresh?.id === id) setFresh(null);
            void refresh();
          }}
        />
      )}
    </Card>
  );
}

function NewKey({ onCreated }: { onCreated: (key: NewAccessKey) => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<KeyScope>("read");
  const [days, setDays] = useState("90");
  const creation = useMutation({
    mutationFn: createAccessKey,
    onSuccess: (key) => {
      setName("");
      onCreated(key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creation.mutate({ name: name.trim(), scope, expiresInDays: days ? Number(days) : null });
  };
  return (
    <form className={classes.wideForm} onSubmit={submit}>
      <TextInput
        aria-label="Name of the new access key"
        placeholder="wall screen"
        value={name}
        maxLength={NAME_LENGTH_MAX}
        onChange={(event) => {
          creation.reset();
          setName(event.currentTarget.value);
        }}
        error={creation.error?.message}
      />
      <SegmentedControl
        aria-label="What the key may do"
        data={SCOPES}
        value={scope}
        onChange={(value) => setScope(value as KeyScope)}
      />
      <SegmentedControl aria-label="How long the key works" data={LIVES} value={days} onChange={setDays} />
      <Button type="submit" variant="default" disabled={name.trim() === ""} loading={creation.isPending}>
        Create key
      </Button>
    </form>
  );
}

type TableProps = { keys: AccessKey[]; nowMs: number; onRevoked: (id: string) => void };

function KeyTable({ keys, nowMs, onRevoked }: TableProps) {
  const ago = (text: string) => formatAgo(Date.parse(text), nowMs);
  const columns: Column<AccessKey>[] = [
    { head: "Name", cell: ({ name }) => name },
    { head: "Key", cell: ({ hint }) => <code>…{hint}</code> },
    { head: "May", cell: ({ scope }) => <span className={classes.role}>{scope}</span> },
    { head: "Ends", quiet: true, cell: (key) => endOf(key, ago) },
    { head: "Last used", quiet: true, cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt) : "never") },
  ];
  return (
    <RemovalTable
      rows={keys}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      verb="Revoke"
      noun="key"
      warning="Whatever uses this key is refused at once. This cannot be undone."
      remove={revokeAccessKey}
      onRemoved={onRevoked}
    />
  );
}

function endOf({ state, expiresAt }: AccessKey, ago: (text: string) => string): string {
  if (!expiresAt) return "no end";
  return state === "expired" ? `expired ${ago(expiresAt)}` : ago(expiresAt);
}
