/** Times are epoch milliseconds; a window is half-open, [from, to). */
export type Window = { from: number; to: number };
export type TimeRange = { kind: "relative"; spanMs: number } | ({ kind: "absolute" } & Window);
export type Zone = "local" | "utc";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

/** The narrowest window zooming makes; below it a histogram has less than one bucket of a millisecond each. */
export const WINDOW_MS_MIN = 10;

export const QUICK_RANGES: readonly { label: string; spanMs: number }[] = [
  { label: "5 minutes", spanMs: 5 * MINUTE },
  { label: "15 minutes", spanMs: 15 * MINUTE },
  { label: "30 minutes", spanMs: 30 * MINUTE },
  { label: "1 hour", spanMs: HOUR },
  { label: "3 hours", spanMs: 3 * HOUR },
  { label: "6 hours", spanMs: 6 * HOUR },
  { label: "12 hours", spanMs: 12 * HOUR },
  { label: "24 hours", spanMs: DAY },
  { label: "2 days", spanMs: 2 * DAY },
  { label: "7 days", spanMs: WEEK },
  { label: "14 days", spanMs: 2 * WEEK },
  { label: "30 days", spanMs: 30 * DAY },
];

export const DEFAULT_RANGE: TimeRange = { kind: "relative", spanMs: 15 * MINUTE };

/** The window a range means at the instant `nowMs`. */
export function resolve(range: TimeRange, nowMs: number): Window {
  if (range.kind === "absolute") return { from: range.from, to: range.to };
  return { from: nowMs - range.spanMs, to: nowMs };
}

/** The neighbouring window of the same length: direction -1 is earlier, 1 later. */
export function shift(window: Window, direction: -1 | 1): Window {
  const span = (window.to - window.from) * direction;
  return { from: window.from + span, to: window.to + span };
}

/** Twice as wide around the same centre, never reaching past `nowMs`. */
export function zoomOut(window: Window, nowMs: number): Window {
  const span = window.to - window.from;
  const to = Math.min(window.to + span / 2, Math.max(nowMs, window.to));
  return { from: Math.round(to - 2 * span), to: Math.round(to) };
}

export function absolute(window: Window): TimeRange {
  const from = Math.floor(window.from);
  return { kind: "absolute", from, to: Math.max(Math.ceil(window.to), from + WINDOW_MS_MIN) };
}

const UNITS: readonly [suffix: string, ms: number][] = [
  ["w", WEEK],
  ["d", DAY],
  ["h", HOUR],
  ["m", MINUTE],
  ["s", SECOND],
  ["ms", 1],
];

/** `900000` → `15m`: the longest unit that divides the span. The URL spells relative ranges so. */
export function spanToText(spanMs: number): string {
  for (const [suffix, ms] of UNITS) {
    if (suffix !== "w" && spanMs >= ms && spanMs % ms === 0) return `${spanMs / ms}${suffix}`;
  }
  return `${spanMs}ms`;
}

/** `15m`, `2h`, `7d` → milliseconds; null when it is not such a text. */
export function spanFromText(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text.trim().toLowerCase());
  const unit = UNITS.find(([suffix]) => suffix === match?.[2]);
  if (!match?.[1] || !unit) return null;
  const spanMs = Number(match[1]) * unit[1];
  return spanMs > 0 ? spanMs : null;
}

const UNIT_WORDS: Record<string, string> = {
  d: "day",
  h: "hour",
  m: "minute",
  s: "second",
  ms: "millisecond",
};

export function relativeLabel(spanMs: number): string {
  const quick = QUICK_RANGES.find((each) => each.spanMs === spanMs);
  if (quick) return `Last ${quick.label}`;
  const [, count = "", unit = ""] = /^([\d.]+)([a-z]+)$/.exec(spanToText(spanMs)) ?? [];
  return `Last ${count} ${UNIT_WORDS[unit] ?? unit}${count === "1" ? "" : "s"}`;
}
