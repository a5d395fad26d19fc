import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useKeys } from "../../components/useKeys";
import { PreferencesModal } from "./PreferencesModal";
import classes from "./Shell.module.css";
import { ShortcutsModal } from "./ShortcutsModal";
import { SideNav } from "./SideNav";

export type ShellDialog = "shortcuts" | "preferences" | null;

/** Everything around a page: navigation and the two dialogs that every page can open. */
export function Shell() {
  const [dialog, setDialog] = useState<ShellDialog>(null);
  const close = () => setDialog(null);
  useKeys({ "?": () => setDialog("shortcuts") });
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <SideNav onOpen={setDialog} />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <ShortcutsModal opened={dialog === "shortcuts"} onClose={close} />
      <PreferencesModal opened={dialog === "preferences"} onClose={close} />
    </div>
  );
}
