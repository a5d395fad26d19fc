import { describe, expect, it } from "vitest";
import { formatAgo, formatEventTime, formatInstant, formatWindow, instantOfText } from "./timeFormat";
import { HOUR, MINUTE, relativeLabel, resolve, shift, spanFromText, spanToText, zoomOut } from "./timeRange";

const NOW = Date.UTC(2026, 10, 23, 12);

describe("ranges", () => {
  it("resolves a relative range against one instant", () => {
    expect(resolve({ kind: "relative", spanMs: HOUR }, NOW)).toEqual({ from: NOW - HOUR, to: NOW });
  });
  it("shifts by its own length", () => {
    expect(shift({ from: 0, to: 10 }, -1)).toEqual({ from: -10, to: 0 });
  });
  it("zooms out around the centre, and never into the future", () => {
    expect(zoomOut({ from: 100, to: 200 }, 1000)).toEqual({ from: 50, to: 250 });
    expect(zoomOut({ from: 100, to: 200 }, 200)).toEqual({ from: 0, to: 200 });
  });
  it("spells spans for the URL and reads them back", () => {
    for (const spanMs of [250, 15 * MINUTE, HOUR, 36 * HOUR, 7 * 24 * HOUR]) {
      expect(spanFromText(spanToText(spanMs))).toBe(spanMs);
    }
    expect(spanToText(15 * MINUTE)).toBe("15m");
    expect(spanFromText("soon")).toBeNull();
    expect([24 * HOUR, 2 * HOUR, 45 * MINUTE].map(relativeLabel)).toEqual([
      "Last 24 hours",
      "Last 2 hours",
      "Last 45 minutes",
    ]);
  });
});

describe("formats", () => {
  it("keeps nanoseconds of an event", () => {
    expect(formatEventTime("2026-11-23 01:02:03.123456789", "utc")).toBe("Nov 23 01:02:03.123");
    expect(formatEventTime("2026-11-23 01:02:03.123456789", "utc", true)).toBe(
      "2026-11-23 01:02:03.123456789",
    );
    expect(instantOfText("2026-11-23 01:02:03.123456789")).toBe(Date.UTC(2026, 10, 23, 1, 2, 3, 123));
    expect(formatEventTime("not a time", "utc")).toBe("not a time");
  });
  it("leaves out a shared day", () => {
    expect(formatWindow({ from: NOW, to: NOW + HOUR }, "utc")).toBe("Nov 23 12:00 – 13:00");
    expect(formatWindow({ from: NOW, to: NOW + MINUTE }, "utc")).toBe("Nov 23 12:00:00 – 12:01:00");
    expect(formatInstant(NOW + 5, "utc")).toBe("2026-11-23 12:00:00.005");
  });
  it("places an event in time", () => {
    expect(formatAgo(NOW - 3 * MINUTE, NOW)).toBe("3 min ago");
    expect(formatAgo(NOW + 2 * HOUR, NOW)).toBe("in 2 h");
    expect(formatAgo(NOW - 100, NOW)).toBe("just now");
  });
});
