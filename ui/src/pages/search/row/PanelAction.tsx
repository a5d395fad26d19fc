import { ActionIcon, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";

/** An icon button of the panel's header. */
export function PanelAction(props: {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon
        aria-label={props.label}
        {...(props.disabled ? { "data-disabled": true, "aria-disabled": true } : {})}
        onClick={props.disabled ? undefined : props.onClick}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}
