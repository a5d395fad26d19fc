import { describe, expect, it } from "vitest";
import { parseTimeText } from "./timeText";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const parse = (text: string) => parseTimeText(text, NOW, "utc");
const at = (text: string) => Date.parse(text);

describe("spans", () => {
  it.each([
    ["15m", 15 * 60_000],
    ["last 2h", 2 * 3_600_000],
    ["past 15 minutes", 15 * 60_000],
    ["last hour", 3_600_000],
    ["Last 7 Days", 7 * 86_400_000],
    ["1.5h", 5_400_000],
    ["now-6h", 6 * 3_600_000],
    ["now - 6h to now", 6 * 3_600_000],
  ])("%s", (text, spanMs) => {
    expect(parse(text)).toEqual({ ok: true, range: { kind: "relative", spanMs } });
  });
});

describe("windows", () => {
  it.each([
    ["today", "2026-11-23T00:00:00Z", "2026-11-23T12:00:00Z"],
    ["yesterday", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"],
    ["2026-11-20", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"],
    ["2026-11-20 to 2026-11-21", "2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z"],
    ["2026-11-20 10:00 - 2026-11-20 12:30:15", "2026-11-20T10:00:00Z", "2026-11-20T12:30:15Z"],
    ["10:00 to 10:30", "2026-11-23T10:00:00Z", "2026-11-23T10:30:00Z"],
    ["10:30 to 10:00", "2026-11-23T10:00:00Z", "2026-11-23T10:30:00Z"],
    ["yesterday 17:00", "2026-11-22T17:00:00Z", "2026-11-23T12:00:00Z"],
    ["yesterday 10:00 to 12:30", "2026-11-22T10:00:00Z", "2026-11-22T12:30:00Z"],
    ["nov 20 10:00", "2026-11-20T10:00:00Z", "2026-11-23T12:00:00Z"],
    ["Dec 30 to Dec 31", "2025-12-30T00:00:00Z", "2026-01-01T00:00:00Z"],
    ["now-2h to now-1h", "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"],
    ["1795780800", "2026-11-27T12:00:00Z", null],
    ["2026-11-20T10:00:00.250Z", "2026-11-20T10:00:00.250Z", "2026-11-23T12:00:00Z"],
  ])("%s", (text, from, to) => {
    const result = parse(text);
    if (to === null) return expect(result).toEqual({ ok: false, message: "That instant is in the future." });
    expect(result).toEqual({ ok: true, range: { kind: "absolute", from: at(from), to: at(to) } });
  });
});

describe("refusals name the part that is not understood", () => {
  it.each([["banana"], ["2026-02-30"], ["2026-11-20 to banana"], ["13:75"], ["last 0h"]])("%s", (text) => {
    expect(parse(text).ok).toBe(false);
  });
  it("says which word", () => {
    expect(parse("10:00 to banana")).toEqual({
      ok: false,
      message: "“banana” is not a time this field knows.",
    });
  });
});
