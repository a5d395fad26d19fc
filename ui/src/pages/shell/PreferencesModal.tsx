import { type MantineColorScheme, Modal, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import type { ReactNode } from "react";
import type { Zone } from "../../model/timeRange";
import { type Density, useDensity, useZone } from "../../state/settings";
import classes from "./PreferencesModal.module.css";

/** Preferences of this browser. They apply at once; there is nothing to save. */
export function PreferencesModal({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [zone, setZone] = useZone();
  const [density, setDensity] = useDensity();
  return (
    <Modal opened={opened} onClose={onClose} title="Preferences" size={480}>
      <Preference name="Theme" about="System follows your desktop.">
        <SegmentedControl
          aria-label="Theme"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
          data={[
            { value: "dark", label: "Dark" },
            { value: "light", label: "Light" },
            { value: "auto", label: "System" },
          ]}
        />
      </Preference>
      <Preference name="Time zone" about="For every time shown and typed.">
        <SegmentedControl
          aria-label="Time zone"
          value={zone}
          onChange={(value) => setZone(value as Zone)}
          data={[
            { value: "local", label: "Local" },
            { value: "utc", label: "UTC" },
          ]}
        />
      </Preference>
      <Preference name="Row height" about="Of the results table.">
        <SegmentedControl
          aria-label="Row height"
          value={density}
          onChange={(value) => setDensity(value as Density)}
          data={[
            { value: "compact", label: "Compact" },
            { value: "comfortable", label: "Comfortable" },
          ]}
        />
      </Preference>
    </Modal>
  );
}

function Preference({ name, about, children }: { name: string; about: string; children: ReactNode }) {
  return (
    <div className={classes.row}>
      <div>
        <div className={classes.name}>{name}</div>
        <div className={classes.about}>{about}</div>
      </div>
      {children}
    </div>
  );
}
