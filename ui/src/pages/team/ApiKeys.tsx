import { Button, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiKeyList, apiKeysQuery, type NewApiKey } from "../../api/apiKeys";
import { Code } from "../../components/Code";
import { CopyButton } from "../../components/CopyButton";
import { ErrorCard } from "../../components/ErrorCard";
import { Notice } from "../../components/Notice";
import { Secret } from "../../components/Secret";
import { type ApiKey, curlLine } from "../../model/apiKeys";
import classes from "./ApiKeys.module.css";
import { ApiKeyDialog } from "./ApiKeysForm";
import { ApiKeyTable } from "./ApiKeysTable";
import { Card } from "./Card";

const DOCS = "api/api/v2/docs?api=managed";

/** Keys of the managed API, with the two ids its addresses are made of. For admins. `host` is the API's address. */
export function ApiKeys({ host }: { host: string }) {
  const list = useQuery(apiKeysQuery);
  return (
    <Card
      title="API keys of the organization"
      about={
        <>
          For Terraform and scripts, which use the managed API at <code>{host}/v1</code> with a key id and a
          secret.{" "}
          <a href={DOCS} target="_blank" rel="noreferrer">
            Managed API reference
          </a>
        </>
      }
      flush
    >
      {list.error && !list.data && <ErrorCard error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={40} m={18} width="auto" />}
      {list.data && <Keys list={list.data} nowMs={list.dataUpdatedAt} host={host} />}
    </Card>
  );
}

type KeysProps = { list: ApiKeyList; nowMs: number; host: string };

function Keys({ list, nowMs, host }: KeysProps) {
  const { organizationId, serviceId, data: keys, roles } = list;
  const [fresh, setFresh] = useState<NewApiKey | null>(null);
  const [edited, setEdited] = useState<ApiKey | null>(null);
  const [isOpen, setOpen] = useState(false);
  const client = useQueryClient();
  const open = (key: ApiKey | null) => {
    setEdited(key);
    setOpen(true);
  };
  const refresh = () => client.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
  return (
    <>
      <div className={classes.place}>
        <Id what="organization id" label="Organization id" value={organizationId} />
        <Id what="service id" label="Service id" value={serviceId} />
        <Code
          text={curlLine({ apiUrl: host, organizationId, serviceId }, fresh)}
          what="request with an API key"
        />
        {fresh && <Fresh pair={fresh} />}
        <Button variant="default" className={classes.create} onClick={() => open(null)}>
          Create API key
        </Button>
      </div>
      {keys.length === 0 ? (
        <p className={classes.empty}>No keys yet. Nobody can use the managed API.</p>
      ) : (
        <ApiKeyTable
          keys={keys}
          nowMs={nowMs}
          serviceId={serviceId}
          onEdit={open}
          onDeleted={(id) => {
            if (fresh?.key.id === id) setFresh(null);
            void refresh();
          }}
        />
      )}
      <ApiKeyDialog
        opened={isOpen}
        apiKey={edited}
        roles={roles}
        serviceId={serviceId}
        onCreated={setFresh}
        onDone={() => void refresh()}
        onClose={() => setOpen(false)}
      />
    </>
  );
}

function Id({ what, label, value }: { what: string; label: string; value: string }) {
  return (
    <div className={classes.id}>
      <span>{label}</span>
      <code>{value}</code>
      <CopyButton value={value} what={what} />
    </div>
  );
}

/** Shown after a key is made, until the page is left. */
function Fresh({ pair }: { pair: NewApiKey }) {
  const { name } = pair.key;
  return (
    <>
      <Notice tone="info">
        Copy the id and the secret of <b>{name}</b> now: they are not kept here and will not be shown again.
        The request above has them filled in.
      </Notice>
      <Id what={`key id of ${name}`} label="Key id" value={pair.keyId} />
      <div className={classes.id}>
        <span>Key secret</span>
        <Secret key={pair.key.id} value={pair.keySecret} what={`secret of ${name}`} />
      </div>
    </>
  );
}
