import { useLocalStorage } from "@mantine/hooks";
import type { WhereLanguage } from "../model/clause";
import type { Zone } from "../model/timeRange";

/** What a person prefers, kept in this browser. Losing any of it loses no data. */
const PREFIX = "clickstack.";

function setting<T>(key: string, defaultValue: T) {
  return () => useLocalStorage<T>({ key: PREFIX + key, defaultValue, getInitialValueInEffect: false });
}

export type Density = "compact" | "comfortable";
export type ColumnWidths = Record<string, Record<string, number>>;

export const useZone = setting<Zone>("zone", "local");
export const useDensity = setting<Density>("density", "compact");
export const useNavCollapsed = setting<boolean | null>("navCollapsed", null);
export const useHistogramShown = setting<boolean>("histogramShown", true);
export const useLastSource = setting<string | null>("lastSource", null);
export const useLastLanguage = setting<WhereLanguage>("whereLanguage", "lucene");
export const useLiveEvery = setting<number>("liveEveryMs", 4000);
export const usePanelWidth = setting<number>("panelWidth", 620);
/** Column widths in pixels by source, then by column. */
export const useColumnWidths = setting<ColumnWidths>("columnWidths", {});
/** The last queries that ran, newest first. */
export const useHistory = setting<string[]>("queryHistory", []);
export const HISTORY_MAX = 20;

export const COLOR_SCHEME_KEY = `${PREFIX}theme`;
