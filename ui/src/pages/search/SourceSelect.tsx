import { Menu, UnstyledButton } from "@mantine/core";
import type { Source } from "../../api/sources";
import { IconCheck, IconChevronDown, IconFileText, IconTimeline, IconVideo } from "../../theme/icons";
import classes from "./Toolbar.module.css";

type Props = { sources: readonly Source[]; source: Source | null; onChange: (source: Source) => void };

const KINDS = { log: IconFileText, trace: IconTimeline, session: IconVideo } as const;

export function SourceSelect({ sources, source, onChange }: Props) {
  return (
    <Menu position="bottom-start" width={240} offset={6}>
      <Menu.Target>
        <UnstyledButton className={classes.source} aria-label={`Source: ${source?.name ?? "none"}`}>
          <KindIcon kind={source?.kind ?? "log"} />
          <span>{source?.name ?? "Choose a source"}</span>
          <IconChevronDown size={13} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Source</Menu.Label>
        {sources.map((each) => (
          <Menu.Item
            key={each.id}
            leftSection={<KindIcon kind={each.kind} />}
            rightSection={each.id === source?.id ? <IconCheck size={14} /> : null}
            onClick={() => onChange(each)}
          >
            {each.name}
            <span className={classes.table}>{each.from.tableName}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function KindIcon({ kind }: { kind: Source["kind"] }) {
  const Icon = kind === "trace" || kind === "session" ? KINDS[kind] : KINDS.log;
  return <Icon size={15} stroke={1.75} aria-hidden="true" />;
}
