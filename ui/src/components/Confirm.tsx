import { Button, Group, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { Notice } from "./Notice";

type Props = {
  opened: boolean;
  title: string;
  children: ReactNode;
  confirmLabel: string;
  busy?: boolean;
  /** What was said when it was tried. */
  error?: Error | null;
  onConfirm: () => void;
  onClose: () => void;
};

/** Asks before something that breaks other people's things. The safe answer has the focus. */
export function Confirm(props: Props) {
  const { opened, title, children, confirmLabel, busy = false, error, onConfirm, onClose } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={440}>
      <div style={{ color: "var(--text-2)" }}>{children}</div>
      {error && (
        <div style={{ marginTop: 12 }}>
          <Notice tone="error">{error.message}</Notice>
        </div>
      )}
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button variant="filled" className="danger" loading={busy} onClick={onConfirm}>
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  );
}
