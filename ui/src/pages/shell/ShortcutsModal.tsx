import { Modal } from "@mantine/core";
import { Keys } from "../../components/Key";
import { SHORTCUTS } from "../../model/shortcuts";
import classes from "./ShortcutsModal.module.css";

export function ShortcutsModal({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const groups = [...new Set(SHORTCUTS.map((each) => each.group))];
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size={460}>
      {groups.map((group) => (
        <section key={group} className={classes.group}>
          <h3>{group}</h3>
          <dl>
            {SHORTCUTS.filter((each) => each.group === group).map((each) => (
              <div key={each.keys}>
                <dt>{each.does}</dt>
                <dd>
                  <Keys keys={each.keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  );
}
