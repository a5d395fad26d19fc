import { Tabs } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { meQuery } from "../../api/session";
import {
  IconDatabase,
  IconDatabaseImport,
  IconHistory,
  IconKey,
  IconSettings,
  IconUsers,
} from "../../theme/icons";
import { AccountTab } from "./AccountTab";
import { AuditTab } from "./AuditTab";
import { IngestionTab } from "./IngestionTab";
import { KeysTab } from "./KeysTab";
import { MembersTab } from "./MembersTab";
import { SourcesTab } from "./SourcesTab";
import classes from "./TeamPage.module.css";

const TABS = [
  { id: "keys", label: "API Keys", Icon: IconKey, View: KeysTab },
  { id: "ingestion", label: "Ingestion", Icon: IconDatabaseImport, View: IngestionTab },
  { id: "team", label: "Team", Icon: IconUsers, View: MembersTab },
  { id: "sources", label: "Sources", Icon: IconDatabase, View: SourcesTab },
  { id: "account", label: "Account", Icon: IconSettings, View: AccountTab },
  { id: "audit", label: "Audit", Icon: IconHistory, View: AuditTab, forAdmins: true },
];

/** Settings of the team; the open tab is in the address. */
export function TeamPage() {
  const { tab } = useSearch({ from: "/app/team" });
  const navigate = useNavigate();
  const { data: me } = useSuspenseQuery(meQuery);
  const tabs = TABS.filter(({ forAdmins }) => !forAdmins || me.role === "admin");
  const current = tabs.find(({ id }) => id === tab) ?? tabs[0];
  if (!current) return null;
  return (
    <div className={classes.page}>
      <title>{`${current.label} · Team Settings · ClickStack`}</title>
      <div className={classes.frame}>
        <h1 className={classes.title}>Team Settings</h1>
        <Tabs
          value={current.id}
          keepMounted={false}
          onChange={(id) => void navigate({ to: "/team", search: { tab: id ?? "keys" }, replace: true })}
        >
          <Tabs.List>
            {tabs.map(({ id, label, Icon }) => (
              <Tabs.Tab key={id} value={id} leftSection={<Icon size={15} stroke={1.75} />}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {tabs.map(({ id, View }) => (
            <Tabs.Panel key={id} value={id} className={classes.panel}>
              <View />
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </div>
  );
}
