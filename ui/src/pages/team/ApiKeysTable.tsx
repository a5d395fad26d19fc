import { deleteApiKey } from "../../api/apiKeys";
import { type ApiKey, rolesOf, stateOf } from "../../model/apiKeys";
import { formatAgo } from "../../model/timeFormat";
import classes from "./ApiKeys.module.css";
import { type Column, RemovalTable, RowButton } from "./RemovalTable";

const NETWORKS_SHOWN = 2;

type Props = {
  keys: ApiKey[];
  nowMs: number;
  serviceId: string;
  onEdit: (key: ApiKey) => void;
  onDeleted: (id: string) => void;
};

export function ApiKeyTable({ keys, nowMs, serviceId, onEdit, onDeleted }: Props) {
  const ago = (text: string) => formatAgo(Date.parse(text), nowMs);
  const columns: Column<ApiKey>[] = [
    { head: "Key", cell: (key) => <Name apiKey={key} serviceId={serviceId} /> },
    { head: "State", cell: (key) => <State state={stateOf(key, nowMs)} /> },
    {
      head: "Roles",
      cell: (key) =>
        rolesOf(key)
          .map(({ name }) => name)
          .join(", ") || "none",
    },
    { head: "Ends", cell: ({ expireAt }) => <Time text={expireAt ? ago(expireAt) : "no end"} /> },
    { head: "From", quiet: true, cell: ({ ipAccessList }) => <Networks entries={ipAccessList} /> },
    { head: "Last used", cell: ({ usedAt }) => <Time text={usedAt ? ago(usedAt) : "never"} /> },
  ];
  return (
    <RemovalTable
      className={classes.keys}
      rows={keys}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      verb="Delete"
      noun="API key"
      warning="Whatever uses this key is refused at once. This cannot be undone; to stop it for a while, edit the key and disable it."
      remove={deleteApiKey}
      onRemoved={onDeleted}
      more={(key) => <RowButton label="Edit" name={key.name} onClick={() => onEdit(key)} />}
    />
  );
}

function Name({ apiKey: { name, keySuffix, serviceIds }, serviceId }: { apiKey: ApiKey; serviceId: string }) {
  return (
    <>
      <div className={classes.name}>{name}</div>
      <div className={classes.under}>
        <code>…{keySuffix}</code>
        {serviceIds && ` · ${reachOf(serviceIds, serviceId)}`}
      </div>
    </>
  );
}

function State({ state }: { state: string }) {
  return (
    <span className={classes.state} data-state={state}>
      {state}
    </span>
  );
}

function Time({ text }: { text: string }) {
  return <span className={classes.time}>{text}</span>;
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
