import { Tabs } from "@mantine/core";
import { type Receiver, snippets } from "../model/telemetry";
import { Code } from "./Code";
import classes from "./TelemetryGuide.module.css";

/** Copy-paste ways to send telemetry here. */
export function TelemetryGuide({ receiver }: { receiver: Receiver }) {
  const all = snippets(receiver);
  return (
    <Tabs defaultValue={all[0]?.id ?? null} keepMounted={false}>
      <Tabs.List mb={12}>
        {all.map(({ id, label }) => (
          <Tabs.Tab key={id} value={id}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map(({ id, label, note, text }) => (
        <Tabs.Panel key={id} value={id}>
          <p className={classes.note}>{note}</p>
          <Code text={text} what={`${label} snippet`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
