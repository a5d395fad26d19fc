import type { Window, Zone } from "./timeRange";

type Parts = { y: number; mo: number; d: number; h: number; mi: number; s: number; ms: number };

export function partsOf(ms: number, zone: Zone): Parts {
  const date = new Date(ms);
  if (zone === "utc") {
    return {
      y: date.getUTCFullYear(),
      mo: date.getUTCMonth() + 1,
      d: date.getUTCDate(),
      h: date.getUTCHours(),
      mi: date.getUTCMinutes(),
      s: date.getUTCSeconds(),
      ms: date.getUTCMilliseconds(),
    };
  }
  return {
    y: date.getFullYear(),
    mo: date.getMonth() + 1,
    d: date.getDate(),
    h: date.getHours(),
    mi: date.getMinutes(),
    s: date.getSeconds(),
    ms: date.getMilliseconds(),
  };
}

const two = (n: number) => String(n).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function formatDate(ms: number, zone: Zone): string {
  const p = partsOf(ms, zone);
  return `${p.y}-${two(p.mo)}-${two(p.d)}`;
}

/** `2026-11-23 01:02:03`, with `.123` when milliseconds are not zero. */
export function formatInstant(ms: number, zone: Zone): string {
  const p = partsOf(ms, zone);
  const fraction = p.ms ? `.${String(p.ms).padStart(3, "0")}` : "";
  return `${formatDate(ms, zone)} ${two(p.h)}:${two(p.mi)}:${two(p.s)}${fraction}`;
}

/** `Nov 23 01:02 – 02:02`, leaving out what both ends share. */
export function formatWindow(window: Window, zone: Zone): string {
  const from = partsOf(window.from, zone);
  const to = partsOf(window.to, zone);
  const seconds = window.to - window.from < 10 * 60_000;
  const time = (p: Parts) => `${two(p.h)}:${two(p.mi)}${seconds ? `:${two(p.s)}` : ""}`;
  const day = (p: Parts) => `${MONTHS[p.mo - 1]} ${p.d}`;
  const sameDay = from.y === to.y && from.mo === to.mo && from.d === to.d;
  return `${day(from)} ${time(from)} – ${sameDay ? "" : `${day(to)} `}${time(to)}`;
}

/** Milliseconds of the engine's UTC text `2026-11-23 01:02:03.123456789`; null when it is another kind of text. */
export function instantOfText(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(text);
  if (!match) return null;
  const ms = Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(ms) ? null : ms + Math.floor(Number(`0.${match[3] ?? 0}`) * 1000 + 1e-6);
}

/** The engine's UTC text in a zone: `Nov 23 01:02:03.123` for rows, all nine digits with `full`. */
export function formatEventTime(text: string, zone: Zone, full = false): string {
  const ms = instantOfText(text);
  if (ms === null) return text;
  const p = partsOf(ms, zone);
  const fraction = text.split(".")[1]?.replace("Z", "") ?? "";
  const clock = `${two(p.h)}:${two(p.mi)}:${two(p.s)}`;
  if (full) return `${formatDate(ms, zone)} ${clock}${fraction ? `.${fraction}` : ""}`;
  return `${MONTHS[p.mo - 1]} ${two(p.d)} ${clock}.${fraction.slice(0, 3).padEnd(3, "0")}`;
}

/** `3 min ago`, `in 2 h`: one unit is enough to place an event. */
export function formatAgo(ms: number, nowMs: number): string {
  const delta = nowMs - ms;
  const size = Math.abs(delta);
  if (size < 5_000) return "just now";
  const steps: [number, string][] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ];
  const [unit, label] = steps.find(([step]) => size >= step) ?? [1_000, "s"];
  const amount = `${Math.floor(size / unit)} ${label}`;
  return delta >= 0 ? `${amount} ago` : `in ${amount}`;
}

/** `UTC`, `UTC+02:00`: the zone a time is shown in, said beside it. */
export function zoneName(zone: Zone, ms: number): string {
  const offset = zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset();
  if (offset === 0) return "UTC";
  const size = Math.abs(offset);
  return `UTC${offset > 0 ? "+" : "−"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
