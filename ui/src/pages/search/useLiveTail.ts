import { useEffect, useEffectEvent, useMemo, useRef } from "react";

export const LIVE_CHOICES_MS = [1000, 2000, 4000, 10_000, 30_000] as const;

/** Ticks while live: never over a run that has not finished, never in a hidden tab, at once when it is seen again. */
export function useLiveTick(isLive: boolean, everyMs: number, isBusy: boolean, run: () => void): void {
  const tick = useEffectEvent(() => {
    if (!isBusy && document.visibilityState === "visible") run();
  });
  useEffect(() => {
    if (!isLive) return;
    const timer = window.setInterval(() => tick(), everyMs);
    const seen = () => tick();
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [isLive, everyMs]);
}

const NONE: ReadonlySet<string> = new Set();

/** The ids that were not there one answer ago, so that live rows can announce themselves. */
export function useFreshIds(ids: readonly string[], isLive: boolean): ReadonlySet<string> {
  const seen = useRef<{ ids: readonly string[]; before: ReadonlySet<string> | null }>({
    ids: [],
    before: null,
  });
  const fresh = useMemo(() => {
    if (!isLive) return NONE;
    const before = seen.current.before;
    return before && before.size > 0 ? new Set(ids.filter((id) => !before.has(id))) : NONE;
  }, [ids, isLive]);
  useEffect(() => {
    seen.current = { ids, before: isLive ? new Set(ids) : null };
  }, [ids, isLive]);
  return fresh;
}
