import { useEffect, useEffectEvent } from "react";

// One key press acts on the topmost layer only: an open dialog, popover or menu keeps its keys.
const LAYERS = '[role="dialog"], [role="menu"]';

export type KeyTable = Record<string, (event: KeyboardEvent) => void>;

/**
 * Page-wide single-key shortcuts, by `KeyboardEvent.key`. Silent while a person types, while a dialog or menu is open,
 * with a modifier held, and for keys that something closer to the focus has already used.
 */
export function useKeys(table: KeyTable, enabled = true): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    const action = table[event.key];
    if (!action || isTyping(event.target) || document.querySelector(LAYERS)) return;
    event.preventDefault();
    action(event);
  });
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, [enabled]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable='true']");
}
