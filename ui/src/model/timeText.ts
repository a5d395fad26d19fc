import { formatDate, partsOf } from "./timeFormat";
import { DAY, HOUR, MINUTE, SECOND, type TimeRange, WEEK, type Zone } from "./timeRange";

export type TimeTextResult = { ok: true; range: TimeRange } | { ok: false; message: string };

export const TIME_TEXT_EXAMPLES = ["last 2h", "yesterday", "10:00 to 10:30", "2026-11-20 to 2026-11-21"];

const UNIT_WORDS: Record<string, number> = {};
for (const [ms, words] of [
  [SECOND, "s sec secs second seconds"],
  [MINUTE, "m min mins minute minutes"],
  [HOUR, "h hr hrs hour hours"],
  [DAY, "d day days"],
  [WEEK, "w week weeks"],
  [30 * DAY, "mo month months"],
] as const) {
  for (const word of words.split(" ")) UNIT_WORDS[word] = ms;
}
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * What a person types into the time field. Accepts spans (`15m`, `last 2 hours`), one instant (from then to now),
 * two instants (`a to b`, `a - b`) and the days `today` and `yesterday`. Instants: `now`, `now-2h`, ISO dates and
 * times, `Nov 20 10:00`, `10:30`, `yesterday 17:00`, epoch seconds or milliseconds. Reversed ends are swapped.
 */
export function parseTimeText(text: string, nowMs: number, zone: Zone): TimeTextResult {
  const input = text.trim().toLowerCase().replace(/\s+/g, " ").replace(/[–—]/g, "-");
  if (!input) return { ok: false, message: "Type a range, for example “last 2h”." };

  const spanMs = parseSpan(input);
  if (spanMs) return { ok: true, range: { kind: "relative", spanMs } };
  const day = parseDay(input, nowMs, zone);
  if (day) return { ok: true, range: { kind: "absolute", ...day } };

  const [left = "", right] = splitEnds(input);
  const from = parseInstant(left, nowMs, zone);
  if (from === null) return { ok: false, message: `“${left}” is not a time this field knows.` };
  if (right === undefined || right === "now") {
    const ago = /^now ?-/.test(left);
    if (from >= nowMs) return { ok: false, message: "That instant is in the future." };
    return { ok: true, range: ago ? { kind: "relative", spanMs: nowMs - from } : order(from, nowMs) };
  }
  // A bare time as the end means that time on the day the range begins.
  const isTime = /^\d{1,2}:\d\d/.test(right.trim());
  const to = parseInstant(isTime ? `${formatDate(from, zone)} ${right.trim()}` : right, nowMs, zone, true);
  if (to === null) return { ok: false, message: `“${right}” is not a time this field knows.` };
  if (from === to) return { ok: false, message: "The range is empty: both ends are the same instant." };
  return { ok: true, range: order(from, to) };
}

function order(a: number, b: number): TimeRange {
  return { kind: "absolute", from: Math.min(a, b), to: Math.max(a, b) };
}

function splitEnds(input: string): string[] {
  const at = / to /.exec(input) ?? / - /.exec(input);
  return at ? [input.slice(0, at.index), input.slice(at.index + at[0].length)] : [input];
}

function parseSpan(input: string): number | null {
  const match = /^(?:last |past )?(\d+(?:\.\d+)?)? ?([a-z]+)$/.exec(input);
  const unit = UNIT_WORDS[match?.[2] ?? ""];
  if (!match || !unit) return null;
  if (match[1] === undefined && !/^(last|past) /.test(input)) return null;
  const amount = Number(match[1] ?? 1);
  return amount > 0 ? Math.round(amount * unit) : null;
}

function parseDay(input: string, nowMs: number, zone: Zone): { from: number; to: number } | null {
  const start = dayStart(nowMs, zone, 0);
  if (input === "today") return { from: start, to: nowMs };
  if (input === "yesterday") return { from: dayStart(nowMs, zone, -1), to: start };
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(input)) {
    const from = parseInstant(input, nowMs, zone);
    return from === null ? null : { from, to: nextDay(from, zone) };
  }
  return null;
}

/** One instant. As the end of a range a bare date means the end of that day. */
function parseInstant(input: string, nowMs: number, zone: Zone, asEnd = false): number | null {
  const text = input.trim();
  if (text === "now") return nowMs;
  const ago = /^now ?- ?(\d+(?:\.\d+)?) ?([a-z]+)$/.exec(text);
  if (ago) {
    const unit = UNIT_WORDS[ago[2] ?? ""];
    return unit ? nowMs - Number(ago[1]) * unit : null;
  }
  if (/^\d{13}$/.test(text)) return Number(text);
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  return parseCalendar(text, nowMs, zone, asEnd);
}

function parseCalendar(text: string, nowMs: number, zone: Zone, asEnd: boolean): number | null {
  const match =
    /^(?:(\d{4})-(\d{1,2})-(\d{1,2})|(?!today|yesterday)([a-z]{3})[a-z]* (\d{1,2})(?:,? (\d{4}))?|(today|yesterday))?(?:[ t]?(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(z)?$/.exec(
      text,
    );
  if (!match || text === "") return null;
  const [, year, month, day, monthWord, wordDay, wordYear, dayWord, hour, minute, second, fraction, z] =
    match;
  const at: Zone = z ? "utc" : zone;
  const today = partsOf(dayWord === "yesterday" ? dayStart(nowMs, at, -1) : nowMs, at);
  const wordMonth = monthWord ? MONTHS.indexOf(monthWord) + 1 : 0;
  if (monthWord && !wordMonth) return null;

  const y = Number(year ?? wordYear ?? today.y);
  const mo = Number(month ?? (wordMonth || today.mo));
  const d = Number(day ?? wordDay ?? today.d);
  const h = Number(hour ?? 0);
  const ms = Math.floor(Number(`0.${fraction ?? 0}`) * 1000);
  if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 24 || Number(minute ?? 0) > 59) return null;
  let instant = instantAt(at, y, mo, d, h, Number(minute ?? 0), Number(second ?? 0), ms);
  if (instant === null) return null;
  // "Dec 30" typed in January is last year's.
  const inferredYear = !year && !wordYear && monthWord;
  if (inferredYear && instant > nowMs + DAY) {
    instant = instantAt(at, y - 1, mo, d, h, Number(minute ?? 0), Number(second ?? 0), ms);
  }
  if (instant !== null && asEnd && hour === undefined) return nextDay(instant, at);
  return instant;
}

function instantAt(
  zone: Zone,
  y: number,
  mo: number,
  d: number,
  h: number,
  mi: number,
  s: number,
  ms: number,
): number | null {
  const instant =
    zone === "utc" ? Date.UTC(y, mo - 1, d, h, mi, s, ms) : new Date(y, mo - 1, d, h, mi, s, ms).getTime();
  // A day that does not exist (Feb 30) rolls over; refuse it.
  return Number.isNaN(instant) || (h < 24 && partsOf(instant, zone).d !== d) ? null : instant;
}

function dayStart(nowMs: number, zone: Zone, offset: number): number {
  const p = partsOf(nowMs, zone);
  return zone === "utc"
    ? Date.UTC(p.y, p.mo - 1, p.d + offset)
    : new Date(p.y, p.mo - 1, p.d + offset).getTime();
}

function nextDay(ms: number, zone: Zone): number {
  return dayStart(ms, zone, 1);
}
