import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../api/client";
import type { Source } from "../../api/sources";
import { HISTOGRAM_HEIGHT_PX, Histogram } from "../../charts/Histogram";
import { Notice } from "../../components/Notice";
import { clauseFor, withClause } from "../../model/clause";
import { levelColor, levelOf, orderGroups } from "../../model/severity";
import { absolute } from "../../model/timeRange";
import type { Leaf, Row } from "../../model/tree";
import { useHistogramShown, useLiveEvery, useZone } from "../../state/settings";
import { OwnTelemetryHint } from "./OwnTelemetryHint";
import { ResultsPane } from "./ResultsPane";
import { RowPanel } from "./row/RowPanel";
import classes from "./SearchPage.module.css";
import { StatsLine } from "./StatsLine";
import { Toolbar } from "./Toolbar";
import { useLiveTick } from "./useLiveTail";
import { useQueryState } from "./useQueryState";
import { useCancel, useHistogram, useRows } from "./useRows";
import { useVocabulary } from "./useVocabulary";

const colorOf = (name: string) => levelColor(levelOf(name));

export function SearchView({ sources }: { sources: readonly Source[] }) {
  const q = useQueryState(sources);
  const { state, source, language, run } = q;
  const [zone] = useZone();
  const [shown, setShown] = useHistogramShown();
  const [only, setOnly] = useState<string | null>(null);
  const [liveEvery] = useLiveEvery();
  const [wasLive, setWasLive] = useState(false);
  const client = useQueryClient();
  const cancel = useCancel();

  const { query: rows, progress } = useRows(run);
  const histogram = useHistogram(run);
  const isRunning = (rows.isFetching && !rows.isFetchingNextPage) || histogram.isFetching;

  const page = rows.data?.pages[0];
  const openRow =
    state.row && source ? client.getQueryData<Row>(["search", "row", source.id, state.row]) : undefined;
  const vocabulary = useVocabulary(source, page, openRow, q.history, language);
  const error = rows.error ?? histogram.error;
  // A failing query would fail again every few seconds, so live tail rests until the next run.
  useLiveTick(state.isLive && !error, liveEvery, isRunning, q.rerun);
  const details = error instanceof ApiError ? error.details : null;
  const isBadQuery = details?.code === "bad_query" || details?.position !== undefined;
  const fault = error && isBadQuery ? { message: error.message, ...details } : null;

  const groups = orderGroups(histogram.data?.groups ?? []);
  const drawn = groups.filter(
    (group) => only === null || group.name === only || !groups.some((g) => g.name === only),
  );
  const setLive = (isLive: boolean) => {
    setWasLive(false);
    q.setLive(isLive);
  };
  const pauseLive = () => {
    if (!state.isLive) return;
    setWasLive(true);
    q.setLive(false);
  };
  const openEvent = (id: string | null) => {
    if (state.isLive) setWasLive(true);
    q.openRow(id);
  };
  const leafClause = (leaf: Leaf, negate: boolean) => {
    const isScalar = leaf.value === null || typeof leaf.value !== "object";
    const isAddressed = leaf.depth === 0 || leaf.key !== undefined;
    if (!isScalar || !isAddressed) return null;
    const value = leaf.value as string | number | boolean | null;
    return clauseFor(
      leaf.key === undefined ? [leaf.column] : [leaf.column, leaf.key],
      value,
      language,
      negate,
    );
  };
  const addClause = (clause: string | null) => {
    if (clause) q.runText(withClause(q.state.where, clause, language));
  };
  const ids = rows.data?.pages.flatMap((each) => each.rowIds) ?? [];
  const at = state.row ? ids.indexOf(state.row) : -1;
  const step = (direction: -1 | 1) => {
    const next = ids[at + direction];
    if (at >= 0 && next) openEvent(next);
    if (at > ids.length - 5 && rows.hasNextPage && !rows.isFetching) void rows.fetchNextPage();
  };

  return (
    <div className={classes.page}>
      <title>{`${source?.name ?? "Search"} · ClickStack`}</title>
      <h1 className={classes.srOnly}>Search</h1>
      <Toolbar
        sources={q.sources}
        source={source}
        where={state.where}
        language={language}
        fault={fault}
        vocabulary={vocabulary}
        inputRef={q.inputRef}
        range={state.range}
        window={q.window}
        isLive={state.isLive}
        isRunning={isRunning}
        onSource={q.setSource}
        onLanguage={q.setLanguage}
        onRange={q.setRange}
        onLive={setLive}
        onRun={q.runText}
        onCancel={cancel}
      />
      {page?.warnings?.map((warning) => (
        <div key={warning} className={classes.notice}>
          <Notice tone="info">{warning}</Notice>
        </div>
      ))}
      {q.isSourceMissing && (
        <div className={classes.notice}>
          <Notice tone="error">
            There is no source “{state.source}” here. It may have been removed; choose another one.
          </Notice>
        </div>
      )}
      <StatsLine
        page={error ? undefined : page}
        histogram={error ? undefined : histogram.data}
        groups={groups}
        progress={progress}
        isRunning={isRunning}
        only={only}
        shown={shown && !error && histogram.data?.total !== 0}
        colorOf={colorOf}
        onOnly={setOnly}
        onShown={setShown}
      />
      {shown && !error && histogram.data?.total !== 0 && (
        <div className={classes.chart} style={{ height: HISTOGRAM_HEIGHT_PX }}>
          {histogram.data ? (
            <Histogram
              data={{ ...histogram.data, groups: drawn }}
              total={histogram.data.total}
              zone={zone}
              stale={histogram.isPlaceholderData && !state.isLive}
              colorOf={colorOf}
              onZoom={(window) => q.setRange(absolute(window))}
            />
          ) : (
            histogram.isFetching && <ChartSkeleton />
          )}
        </div>
      )}
      <ProgressBar
        isRunning={isRunning && !state.isLive}
        share={progress && progress.rowsTotal > 0 ? progress.rowsRead / progress.rowsTotal : null}
      />
      {source && <OwnTelemetryHint source={source} page={page} />}
      <div className={classes.body}>
        {source && run && (
          <ResultsPane
            source={source}
            rows={rows}
            where={state.where}
            range={state.range}
            isLive={state.isLive}
            canResume={wasLive && !state.isLive}
            openId={state.row}
            language={language}
            zone={zone}
            onOpen={openEvent}
            onClause={addClause}
            onRange={q.setRange}
            onClear={() => q.runText("")}
            onRetry={q.rerun}
            onPause={pauseLive}
            onResume={() => setLive(true)}
          />
        )}
        {state.row && source && (
          <RowPanel
            source={source}
            sources={q.sources}
            rowId={state.row}
            zone={zone}
            position={at >= 0 ? { at, of: ids.length } : null}
            canFilter={(leaf) => leafClause(leaf, false) !== null}
            onFilter={(leaf, negate) => addClause(leafClause(leaf, negate))}
            onRelated={q.openRelated}
            onStep={step}
            onClose={() => q.openRow(null)}
          />
        )}
      </div>
    </div>
  );
}

function ProgressBar({ isRunning, share }: { isRunning: boolean; share: number | null }) {
  return (
    <div
      className={classes.progress}
      data-running={isRunning}
      data-known={share !== null}
      style={{ "--share": `${Math.min(100, (share ?? 0) * 100)}%` } as React.CSSProperties}
    />
  );
}

function ChartSkeleton() {
  return (
    <div className={classes.chartSkeleton} aria-hidden="true">
      {Array.from({ length: 48 }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the placeholder bars never move
        <i key={at} style={{ height: `${46 + 22 * Math.sin(at / 3.1) + 14 * Math.sin(at / 1.3)}%` }} />
      ))}
    </div>
  );
}
