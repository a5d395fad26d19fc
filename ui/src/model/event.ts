import { cellText, isMap, type Row } from "./tree";

/** The roles of a source's columns that the event panel reads; each may be missing, or an expression. */
export type EventRoles = {
  kind: string;
  timestampValueExpression: string;
  displayedTimestampValueExpression?: string | undefined;
  severityTextExpression?: string | undefined;
  statusCodeExpression?: string | undefined;
  serviceNameExpression?: string | undefined;
  bodyExpression?: string | undefined;
  spanNameExpression?: string | undefined;
  durationExpression?: string | undefined;
  durationPrecision?: number | undefined;
  eventAttributesExpression?: string | undefined;
  resourceAttributesExpression?: string | undefined;
};

export type EventView = {
  time: string;
  severity: string;
  service: string;
  message: string;
  durationMs: number | null;
  exception: { type: string; message: string; stacktrace: string } | null;
  groups: { title: string; row: Row }[];
};

/** One row read through its source: a headline, and the rest in groups. */
export function eventView(row: Row, source: EventRoles): EventView {
  const isSpan = source.kind === "trace";
  const text = (expression: string | undefined) => (expression ? cellText(row[expression]) : "");
  const timeColumn = [
    source.displayedTimestampValueExpression,
    source.timestampValueExpression,
    "Timestamp",
  ].find((each) => each !== undefined && row[each] !== undefined);
  const headline = (isSpan && source.spanNameExpression) || source.bodyExpression;
  const duration = source.durationExpression ? row[source.durationExpression] : undefined;
  const precision = source.durationPrecision ?? 9;
  return {
    time: text(timeColumn),
    severity: text(source.severityTextExpression ?? source.statusCodeExpression),
    service: text(source.serviceNameExpression),
    message: text(headline),
    durationMs: typeof duration === "number" ? duration / 10 ** (precision - 3) : null,
    exception: exceptionOf(row, source.eventAttributesExpression),
    groups: groupsOf(row, source, isSpan, headline),
  };
}

// Shown in the exception's own section, so not again among the attributes.
const EXCEPTION_KEYS = new Set(["exception.type", "exception.message", "exception.stacktrace"]);

function exceptionOf(row: Row, column: string | undefined): EventView["exception"] {
  const attributes = column ? row[column] : undefined;
  if (!isMap(attributes)) return null;
  const [type, message, stacktrace] = ["type", "message", "stacktrace"].map((name) =>
    cellText(attributes[`exception.${name}`]),
  );
  return type || message || stacktrace
    ? { type: type ?? "", message: message ?? "", stacktrace: stacktrace ?? "" }
    : null;
}

function groupsOf(row: Row, source: EventRoles, isSpan: boolean, headline: string | undefined) {
  const titles = new Map<string, string>();
  if (source.eventAttributesExpression) {
    titles.set(source.eventAttributesExpression, isSpan ? "Span attributes" : "Event attributes");
  }
  if (source.resourceAttributesExpression)
    titles.set(source.resourceAttributesExpression, "Resource attributes");
  const groups: EventView["groups"] = [];
  const pick = (columns: string[]) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null]));
  for (const [column, title] of titles) {
    const value = row[column];
    if (!isMap(value)) continue;
    const shown = Object.entries(value).filter(([key]) => !EXCEPTION_KEYS.has(key));
    if (shown.length > 0) groups.push({ title, row: { [column]: Object.fromEntries(shown) } });
  }
  const others = Object.keys(row).filter((name) => !titles.has(name) && name !== headline);
  const scalars = others.filter((name) => !isMap(row[name]));
  const maps = others.filter((name) => isMap(row[name]) && Object.keys(row[name] as object).length > 0);
  if (scalars.length > 0) groups.push({ title: "Columns", row: pick(scalars) });
  for (const column of maps) groups.push({ title: column, row: pick([column]) });
  return groups;
}
