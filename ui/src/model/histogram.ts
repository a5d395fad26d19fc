import type { Window } from "./timeRange";

export type Buckets = {
  granularityS: number;
  buckets: readonly number[];
  groups: readonly { name: string; counts: readonly number[] }[];
};

/**
 * Cumulative heights for stacked bars, the outermost layer first: drawing them in this order paints each group's
 * own share. The first array is the bucket starts in milliseconds.
 */
export function stackLayers({ buckets, groups }: Buckets): number[][] {
  const sums = buckets.map(() => 0);
  const layers = groups.map(({ counts }) =>
    buckets.map((_, at) => {
      sums[at] = (sums[at] ?? 0) + (counts[at] ?? 0);
      return sums[at] ?? 0;
    }),
  );
  return [[...buckets], ...layers.reverse()];
}

/** The time the bars cover, the last one included. */
export function coverage({ buckets, granularityS }: Buckets): Window {
  const first = buckets[0] ?? 0;
  return { from: first, to: (buckets.at(-1) ?? first) + granularityS * 1000 };
}

/** What a listener hears instead of the picture. */
export function describe(histogram: Buckets, total: number): string {
  const sums = histogram.buckets.map((_, at) =>
    histogram.groups.reduce((sum, group) => sum + (group.counts[at] ?? 0), 0),
  );
  const parts = histogram.groups.map(
    ({ name, counts }) => `${counts.reduce((a, b) => a + b, 0)} ${name || "without a level"}`,
  );
  return `${total} events in ${sums.length} bars, at most ${Math.max(0, ...sums)} in one; ${parts.join(", ")}`;
}
