import { Modal } from "@mantine/core";
import { Code } from "../../components/Code";

type Props = { opened: boolean; onClose: () => void; statements: readonly { title: string; sql: string }[] };

/** The statements the server ran for what is on the screen. */
export function SqlModal({ opened, onClose, statements }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Generated SQL" size={760}>
      {statements.map(({ title, sql }) => (
        <section key={title}>
          <h3 style={{ margin: "6px 0", fontSize: 12, fontWeight: 500, color: "var(--text-2)" }}>{title}</h3>
          <Code text={sql} what={`${title} SQL`} maxHeight={320} />
        </section>
      ))}
    </Modal>
  );
}
