import { useEffect, useState } from "react";

/** True once `value` has been true for `afterMs`: what is over at once should not flicker on the screen. */
export function useLasting(value: boolean, afterMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!value) return;
    const timer = window.setTimeout(() => setLasting(true), afterMs);
    return () => {
      window.clearTimeout(timer);
      setLasting(false);
    };
  }, [value, afterMs]);
  return value && lasting;
}
