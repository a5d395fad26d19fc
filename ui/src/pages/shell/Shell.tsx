import { Outlet } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useKeys } from "../../components/useKeys";
import { PreferencesModal } from "./PreferencesModal";
import classes from "./Shell.module.css";
import { ShortcutsModal } from "./ShortcutsModal";
import { SideNav } from "./SideNav";

export type ShellDialog = "shortcuts" | "preferences" | null;

/** Everything around a page: navigation and the two dialogs that every page can open. */
export function Shell() {
  const [dialog, setDialog] = useState<ShellDialog>(null);
  const main = useRef<HTMLElement>(null);
  const close = () => setDialog(null);
  useKeys({ "?": () => setDialog("shortcuts") });
  return (
    <div className={classes.shell}>
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <SideNav onOpen={setDialog} />
      <main ref={main} className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <ShortcutsModal opened={dialog === "shortcuts"} onClose={close} />
      <PreferencesModal opened={dialog === "preferences"} onClose={close} />
    </div>
  );
}
