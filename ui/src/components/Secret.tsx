import { ActionIcon, Tooltip } from "@mantine/core";
import { useState } from "react";
import { IconEye, IconEyeOff } from "../theme/icons";
import { CopyButton } from "./CopyButton";
import classes from "./Secret.module.css";

/** A key, hidden until asked for. Copying does not show it. */
export function Secret({ value, what }: { value: string; what: string }) {
  const [shown, setShown] = useState(false);
  const label = `${shown ? "Hide" : "Reveal"} ${what}`;
  const Icon = shown ? IconEyeOff : IconEye;
  return (
    <div className={classes.field}>
      <input
        className={classes.value}
        aria-label={what}
        readOnly
        value={shown ? value : masked(value)}
        onFocus={(event) => shown && event.currentTarget.select()}
      />
      <Tooltip label={label}>
        <ActionIcon aria-label={label} aria-pressed={shown} onClick={() => setShown(!shown)}>
          <Icon size={15} />
        </ActionIcon>
      </Tooltip>
      <CopyButton value={value} what={what} />
    </div>
  );
}

const SHOWN_CHARS = 4;

/** The last characters stay, so that two keys can be told apart. */
function masked(value: string): string {
  return "•".repeat(Math.max(0, value.length - SHOWN_CHARS)) + value.slice(-SHOWN_CHARS);
}
