import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import uPlot from "uplot";
import { type Buckets, coverage, describe, stackLayers } from "../model/histogram";
import type { Window, Zone } from "../model/timeRange";
import classes from "./Histogram.module.css";
import { HistogramTooltip } from "./HistogramTooltip";
import { histogramOptions } from "./histogramOptions";

type Props = {
  data: Buckets;
  total: number;
  zone: Zone;
  stale: boolean;
  colorOf: (name: string) => string;
  onZoom: (window: Window) => void;
};

export const HISTOGRAM_HEIGHT_PX = 112;

/** Stacked counts over time. Dragging chooses a window; hovering tells the figures of one bar. */
export function Histogram({ data, total, zone, stale, colorOf, onZoom }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [hover, setHover] = useState<{ at: number; leftPx: number } | null>(null);
  const scheme = useComputedColorScheme("dark");
  const names = data.groups.map((group) => group.name);

  const zoom = useEffectEvent((window: Window) => onZoom(window));
  const readCoverage = useEffectEvent(() => coverage(data));
  const build = useEffectEvent((element: HTMLDivElement) => {
    const css = getComputedStyle(element);
    const color = (value: string) => css.getPropertyValue(/var\((.+)\)/.exec(value)?.[1] ?? value) || value;
    const options = histogramOptions({
      size: { width: element.clientWidth, height: HISTOGRAM_HEIGHT_PX },
      layers: [...names].reverse().map((name) => color(colorOf(name))),
      colors: { text: color("var(--text-3)"), line: color("var(--line)") },
      zone,
      coverage: readCoverage,
      onHover: setHover,
      onZoom: zoom,
    });
    return new uPlot(options, stackLayers(data) as uPlot.AlignedData, element);
  });

  // A new look (theme, zone, other groups) needs a new plot; new figures do not.
  // biome-ignore lint/correctness/useExhaustiveDependencies: scheme, zone and names are read inside build
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const built = build(element);
    plot.current = built;
    const observer = new ResizeObserver(() =>
      built.setSize({ width: element.clientWidth, height: HISTOGRAM_HEIGHT_PX }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      built.destroy();
      plot.current = null;
    };
  }, [scheme, zone, names.join("\n")]);

  useEffect(() => {
    plot.current?.setData(stackLayers(data) as uPlot.AlignedData);
  }, [data]);

  return (
    <div className={classes.chart} data-stale={stale}>
      <div
        ref={frame}
        role="img"
        aria-label={describe(data, total)}
        style={{ height: HISTOGRAM_HEIGHT_PX }}
      />
      {hover && hover.at < data.buckets.length && (
        <HistogramTooltip
          data={data}
          at={hover.at}
          leftPx={hover.leftPx}
          widthPx={frame.current?.clientWidth ?? 0}
          zone={zone}
          colorOf={colorOf}
        />
      )}
    </div>
  );
}
