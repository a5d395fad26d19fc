import { useEffect, useRef, useState } from "react";

const SHOWN_MS = 1600;

/** Copies text, and says for a moment that it did. */
export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = (text: string) => {
    void writeClipboard(text).then((done) => {
      setCopied(done);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setCopied(false), SHOWN_MS);
    });
  };
  return { copied, copy };
}

/** Browsers give pages of plain http (a server in a local network) no clipboard object; the old command still works. */
async function writeClipboard(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const focused = document.activeElement;
  const carrier = document.createElement("textarea");
  carrier.value = text;
  carrier.style.position = "fixed";
  carrier.style.opacity = "0";
  // Inside an open dialog the focus is trapped, so the carrier must be inside it too.
  (document.querySelector('[role="dialog"]') ?? document.body).append(carrier);
  carrier.select();
  const done = document.execCommand("copy");
  carrier.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
