import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "../theme/icons";
import { useCopy } from "./useCopy";

type Props = {
  value: string | (() => string);
  what: string;
  label?: string;
  size?: number;
  icon?: typeof IconCopy;
};

/** Copies, and says so where the person is looking. With `label` a button, without it an icon. */
export function CopyButton({ value, what, label, size = 26, icon: Icon = IconCopy }: Props) {
  const { copied, copy: copyText } = useCopy();
  const copy = () => copyText(typeof value === "function" ? value() : value);
  const icon = copied ? (
    <IconCheck size={14} color="var(--ok)" aria-hidden="true" />
  ) : (
    <Icon size={14} aria-hidden="true" />
  );
  if (label) {
    return (
      <Button variant="default" leftSection={icon} onClick={copy} aria-label={`Copy ${what}`}>
        {copied ? "Copied" : label}
      </Button>
    );
  }
  return (
    <Tooltip label={copied ? "Copied" : `Copy ${what}`}>
      <ActionIcon aria-label={copied ? "Copied" : `Copy ${what}`} size={size} onClick={copy}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
