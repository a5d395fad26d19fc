import { Button, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  countsQuery,
  createIngestionKey,
  type IngestionKey,
  keysQuery,
  type NewIngestionKey,
  revokeIngestionKey,
} from "../../api/ingestion";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { Secret } from "../../components/Secret";
import { formatCount } from "../../model/format";
import { formatAgo } from "../../model/timeFormat";
import { Card } from "./Card";
import classes from "./IngestionTab.module.css";
import { type Column, RemovalTable } from "./RemovalTable";

const NAME_LENGTH_MAX = 100;

/** Named keys: one for each sender, so that one can be revoked without touching the others. */
export function IngestionKeys() {
  const keys = useQuery(keysQuery);
  const [fresh, setFresh] = useState<NewIngestionKey | null>(null);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: keysQuery.queryKey });
  const inForce = keys.data?.filter(({ revokedAt }) => !revokedAt);
  return (
    <Card
      title="Named ingestion keys"
      about="Give each application or collector its own key; it works beside the team's key and can be revoked alone."
      flush
    >
      <NewKey
        onCreated={(key) => {
          setFresh(key);
          void refresh();
        }}
      />
      {fresh && (
        <div className={classes.fresh}>
          <Notice tone="info">
            Copy the key <b>{fresh.name}</b> now: it is not kept here and will not be shown again.
          </Notice>
          <Secret key={fresh.id} value={fresh.key} what={`key ${fresh.name}`} />
        </div>
      )}
      {keys.error && !keys.data && <ErrorCard error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Skeleton height={40} m={18} width="auto" />}
      {inForce && inForce.length > 0 && (
        <KeyTable
          keys={inForce}
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

function NewKey({ onCreated }: { onCreated: (key: NewIngestionKey) => void }) {
  const [name, setName] = useState("");
  const creation = useMutation({
    mutationFn: createIngestionKey,
    onSuccess: (key) => {
      setName("");
      onCreated(key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creation.mutate(name.trim());
  };
  return (
    <form className={classes.create} onSubmit={submit}>
      <TextInput
        aria-label="Name of the new key"
        placeholder="checkout-service"
        value={name}
        maxLength={NAME_LENGTH_MAX}
        onChange={(event) => {
          creation.reset();
          setName(event.currentTarget.value);
        }}
        error={creation.error?.message}
      />
      <Button type="submit" variant="default" disabled={name.trim() === ""} loading={creation.isPending}>
        Create key
      </Button>
    </form>
  );
}

type TableProps = { keys: IngestionKey[]; nowMs: number; onRevoked: (id: string) => void };

function KeyTable({ keys, nowMs, onRevoked }: TableProps) {
  const { data: counts } = useQuery(countsQuery);
  const recordsOf = (id: string) =>
    (counts?.keys ?? []).reduce((sum, each) => sum + (each.key === id ? each.accepted : 0), 0);
  const ago = (text: string) => formatAgo(Date.parse(text), nowMs);
  const columns: Column<IngestionKey>[] = [
    { head: "Name", cell: ({ name }) => name },
    { head: "Key", cell: ({ hint }) => <code>…{hint}</code> },
    { head: "Created", quiet: true, cell: ({ createdAt }) => ago(createdAt) },
    { head: "Last used", quiet: true, cell: ({ lastUsedAt }) => (lastUsedAt ? ago(lastUsedAt) : "never") },
    {
      head: "Records",
      title: "Accepted since the server started",
      cell: ({ id }) => formatCount(recordsOf(id)),
    },
  ];
  return (
    <RemovalTable
      rows={keys}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      verb="Revoke"
      noun="key"
      warning="Whatever sends with this key is refused within seconds. This cannot be undone."
      remove={revokeIngestionKey}
      onRemoved={onRevoked}
    />
  );
}
