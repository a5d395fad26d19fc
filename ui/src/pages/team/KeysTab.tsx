import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Me, meQuery, rotateAccessKey } from "../../api/session";
import { configQuery, rotateIngestionKey, teamQuery } from "../../api/team";
import { Confirm } from "../../components/Confirm";
import { Secret } from "../../components/Secret";
import { TelemetryGuide } from "../../components/TelemetryGuide";
import { receiverOf } from "../../model/telemetry";
import { IconRefresh } from "../../theme/icons";
import { AccessKeys } from "./AccessKeys";
import { ApiKeys } from "./ApiKeys";
import { Card } from "./Card";
import classes from "./KeysTab.module.css";

/** The two keys, each with what it opens and what rotating it breaks, and how to use the ingestion key. */
export function KeysTab() {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: team } = useQuery(teamQuery);
  const { data: config } = useQuery(configQuery);
  const client = useQueryClient();
  const ingestionKey = team?.apiKey ?? me.team.apiKey;
  const storeIngestionKey = (apiKey: string) => {
    client.setQueryData(teamQuery.queryKey, (old) => (old ? { ...old, apiKey } : old));
    patchMe((old) => ({ ...old, team: { ...old.team, apiKey } }));
  };
  const patchMe = (change: (old: Me) => Me) =>
    client.setQueryData(meQuery.queryKey, (old) => (old ? change(old) : old));
  const host = `${location.protocol}//${location.hostname}:${config?.apiPort ?? 8000}`;
  return (
    <>
      {ingestionKey && (
        <Card
          title="Ingestion API Key"
          about="Clients that send telemetry present it. It is shared by the whole team and cannot read anything."
        >
          <KeyRow
            what="Ingestion API Key"
            value={ingestionKey}
            rotate={async () => storeIngestionKey((await rotateIngestionKey()).newApiKey)}
          >
            Every application and collector that sends with the current key is refused from that moment, until
            it has the new one.
          </KeyRow>
        </Card>
      )}
      <Card
        title="Personal API Access Key"
        about={
          <>
            Reads and changes everything you can, through the REST API at <code>{`${host}/api/v2`}</code>.
            Send it as <code>Authorization: Bearer …</code>.{" "}
            <a href="api/api/v2/docs" target="_blank" rel="noreferrer">
              API reference
            </a>
          </>
        }
      >
        <KeyRow
          what="Personal API Access Key"
          value={me.accessKey}
          rotate={async () => {
            const { newAccessKey } = await rotateAccessKey();
            patchMe((old) => ({ ...old, accessKey: newAccessKey }));
          }}
        >
          Your scripts, integrations and AI agents that use the current key stop working from that moment,
          until they have the new one.
        </KeyRow>
      </Card>
      <AccessKeys />
      {me.role === "admin" && <ApiKeys host={host} />}
      {ingestionKey && (
        <Card
          title="Send telemetry"
          about="The address and the ingestion key of this server are filled in; paste and run."
        >
          <TelemetryGuide receiver={receiverOf(config, location.href, ingestionKey)} />
        </Card>
      )}
    </>
  );
}

type KeyRowProps = { what: string; value: string; rotate: () => Promise<void>; children: ReactNode };

/** A key with its rotation; `children` says what rotating breaks. */
function KeyRow({ what, value, rotate, children }: KeyRowProps) {
  const [asking, setAsking] = useState(false);
  const rotation = useMutation({ mutationFn: rotate, onSuccess: () => setAsking(false) });
  return (
    <>
      <div className={classes.row}>
        <Secret key={value} value={value} what={what} />
        <Button
          variant="default"
          className={classes.rotate}
          leftSection={<IconRefresh size={14} />}
          aria-label={`Rotate ${what}`}
          onClick={() => {
            rotation.reset();
            setAsking(true);
          }}
        >
          Rotate
        </Button>
      </div>
      {rotation.isSuccess && (
        <p className={classes.done} role="status">
          The new key is in place. The old one no longer works.
        </p>
      )}
      <Confirm
        opened={asking}
        title={`Rotate the ${what}?`}
        confirmLabel="Rotate key"
        busy={rotation.isPending}
        error={rotation.error}
        onConfirm={() => rotation.mutate()}
        onClose={() => setAsking(false)}
      >
        {children}
      </Confirm>
    </>
  );
}
