import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { deleteApiKey } from "../../api/apiKeys";
import { Confirm } from "../../components/Confirm";
import { Notice } from "../../components/Notice";
import { type ApiKey, rolesOf, stateOf } from "../../model/apiKeys";
import { formatAgo } from "../../model/timeFormat";
import classes from "./ApiKeys.module.css";
import teamClasses from "./TeamPage.module.css";

const NETWORKS_SHOWN = 2;

type Props = {
  keys: ApiKey[];
  nowMs: number;
  serviceId: string;
  onEdit: (key: ApiKey) => void;
  onDeleted: (id: string) => void;
};

export function ApiKeyTable({ keys, nowMs, serviceId, onEdit, onDeleted }: Props) {
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  const deletion = useMutation({
    mutationFn: deleteApiKey,
    onSuccess: (_, id) => {
      setDoomed(null);
      onDeleted(id);
    },
  });
  return (
    <>
      <table className={`${teamClasses.table} ${classes.keys}`}>
        <thead>
          <tr>
            <th>Key</th>
            <th>State</th>
            <th>Roles</th>
            <th>Ends</th>
            <th>From</th>
            <th>Last used</th>
            <th aria-label="Edit or delete" />
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <Row
              key={key.id}
              apiKey={key}
              nowMs={nowMs}
              serviceId={serviceId}
              onEdit={() => onEdit(key)}
              onDelete={() => {
                deletion.reset();
                setDoomed(key);
              }}
            />
          ))}
        </tbody>
      </table>
      <Confirm
        opened={doomed !== null}
        title={`Delete the API key ${doomed?.name ?? ""}?`}
        confirmLabel="Delete key"
        busy={deletion.isPending}
        onConfirm={() => doomed && deletion.mutate(doomed.id)}
        onClose={() => setDoomed(null)}
      >
        <p style={{ margin: 0 }}>
          Whatever uses this key is refused at once. This cannot be undone; to stop it for a while, edit the
          key and disable it.
        </p>
        {deletion.error && (
          <div style={{ marginTop: 12 }}>
            <Notice tone="error">{deletion.error.message}</Notice>
          </div>
        )}
      </Confirm>
    </>
  );
}

type RowProps = {
  apiKey: ApiKey;
  nowMs: number;
  serviceId: string;
  onEdit: () => void;
  onDelete: () => void;
};

function Row({ apiKey: key, nowMs, serviceId, onEdit, onDelete }: RowProps) {
  const ago = (text: string) => formatAgo(Date.parse(text), nowMs);
  const state = stateOf(key, nowMs);
  const roles = rolesOf(key);
  return (
    <tr>
      <td>
        <div className={classes.name}>{key.name}</div>
        <div className={classes.under}>
          <code>…{key.keySuffix}</code>
          {key.serviceIds && ` · ${reachOf(key.serviceIds, serviceId)}`}
        </div>
      </td>
      <td className={classes.state} data-state={state}>
        {state}
      </td>
      <td>{roles.length > 0 ? roles.map(({ name }) => name).join(", ") : "none"}</td>
      <td className={classes.time}>{key.expireAt ? ago(key.expireAt) : "no end"}</td>
      <td className={teamClasses.quiet}>
        <Networks entries={key.ipAccessList} />
      </td>
      <td className={classes.time}>{key.usedAt ? ago(key.usedAt) : "never"}</td>
      <td className={classes.action}>
        <Button variant="default" size="compact-sm" aria-label={`Edit ${key.name}`} onClick={onEdit}>
          Edit
        </Button>{" "}
        <Button variant="default" size="compact-sm" aria-label={`Delete ${key.name}`} onClick={onDelete}>
          Delete
        </Button>
      </td>
    </tr>
  );
}

function reachOf(services: string[], own: string): string {
  if (services.length > 1) return `${services.length} services`;
  return services[0] === own ? "this service only" : "another service";
}

function Networks({ entries }: { entries: ApiKey["ipAccessList"] }) {
  if (entries.length === 0) return "anywhere";
  const shown = entries.slice(0, NETWORKS_SHOWN).map(({ source }) => source);
  const rest = entries.length - shown.length;
  return (
    <>
      <div className={classes.networks}>{shown.join("\n")}</div>
      {rest > 0 && <div>and {rest} more</div>}
    </>
  );
}
