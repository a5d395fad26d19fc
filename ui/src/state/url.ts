import type { WhereLanguage } from "../model/clause";
import { DEFAULT_RANGE, spanFromText, spanToText, type TimeRange } from "../model/timeRange";

/**
 * The search page as its address says it. One parameter each; a bad value falls back to the default, never to a
 * crash. `from`/`to` are epoch milliseconds, `range` is a span such as `15m`; the older spelling of a relative
 * range, `liveInterval` in milliseconds, is still read.
 */
export type SearchState = {
  source: string | null;
  where: string;
  whereLanguage: WhereLanguage | null;
  range: TimeRange;
  isLive: boolean;
  row: string | null;
};

export type Params = Record<string, string>;

export function decodeSearch(params: Params): SearchState {
  const isLive = params.isLive === "true";
  return {
    source: params.source || null,
    where: params.where ?? "",
    whereLanguage:
      params.whereLanguage === "sql" || params.whereLanguage === "lucene" ? params.whereLanguage : null,
    range: decodeRange(params),
    isLive,
    row: params.row || null,
  };
}

function decodeRange(params: Params): TimeRange {
  const from = Number(params.from);
  const to = Number(params.to);
  if (params.from && params.to && Number.isFinite(from) && Number.isFinite(to) && from < to) {
    return { kind: "absolute", from, to };
  }
  const spanMs = spanFromText(params.range ?? "") ?? (Number(params.liveInterval) || null);
  return spanMs && spanMs > 0 ? { kind: "relative", spanMs } : DEFAULT_RANGE;
}

export function encodeSearch(state: SearchState): Params {
  const params: Params = {};
  if (state.source) params.source = state.source;
  if (state.where) params.where = state.where;
  if (state.whereLanguage) params.whereLanguage = state.whereLanguage;
  if (state.range.kind === "absolute") {
    params.from = String(state.range.from);
    params.to = String(state.range.to);
  } else {
    params.range = spanToText(state.range.spanMs);
  }
  if (state.isLive && state.range.kind === "relative") params.isLive = "true";
  if (state.row) params.row = state.row;
  return params;
}

/** The router's codec: parameters stay plain text, so that links are readable and a number-like id stays an id. */
export function parseParams(search: string): Params {
  return Object.fromEntries(new URLSearchParams(search));
}

export function stringifyParams(params: Record<string, unknown>): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return text ? `?${text}` : "";
}
