import { describe, expect, it } from "vitest";
import { decodeSearch, encodeSearch, parseParams, type SearchState, stringifyParams } from "./url";

const STATE: SearchState = {
  source: "65a",
  where: 'ServiceName:"a&b" AND x',
  whereLanguage: "sql",
  range: { kind: "absolute", from: 1000, to: 2000 },
  isLive: false,
  row: "r=1",
};

describe("the search page's address", () => {
  it("comes back whole", () => {
    expect(decodeSearch(parseParams(stringifyParams(encodeSearch(STATE))))).toEqual(STATE);
    const live: SearchState = { ...STATE, range: { kind: "relative", spanMs: 900_000 }, isLive: true };
    expect(decodeSearch(encodeSearch(live))).toEqual(live);
  });
  it("falls back to defaults on nonsense", () => {
    expect(decodeSearch({ from: "5", to: "1", whereLanguage: "promql", isLive: "perhaps" })).toEqual({
      source: null,
      where: "",
      whereLanguage: null,
      range: { kind: "relative", spanMs: 900_000 },
      isLive: false,
      row: null,
    });
  });
  it("reads the older relative spelling", () => {
    expect(decodeSearch({ liveInterval: "3600000", isLive: "true" }).range).toEqual({
      kind: "relative",
      spanMs: 3_600_000,
    });
  });
});
