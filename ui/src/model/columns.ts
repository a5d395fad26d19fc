import { isIdentifier } from "./clause";

/** How a result column is shown: which role it plays, and how wide it starts. */
export type ColumnRole = "time" | "severity" | "number" | "text";
export type ColumnView = { name: string; type: string; role: ColumnRole; widthPx: number };
export type SourceHints = {
  severityTextExpression?: string | undefined;
  statusCodeExpression?: string | undefined;
};

export const COLUMN_WIDTH_PX_MIN = 48;
const LAST_WIDTH_PX_MIN = 320;
const SEVERITY_NAMES = new Set(["severitytext", "severity", "level", "statuscode", "status"]);

/**
 * The table column behind a result column, for filters: a name selected as itself, or `column as alias`. Null for
 * an expression, which a filter cannot name.
 */
export function filterColumn(name: string, select: string | undefined): string | null {
  const alias = new RegExp(`(?:^|,)\\s*([^,]+?)\\s+as\\s+${name}\\s*(?:,|$)`, "i").exec(select ?? "");
  const column = alias?.[1] ?? name;
  return isIdentifier(column) && isIdentifier(name) ? column : null;
}

export function columnViews(
  columns: readonly { name: string; type: string }[],
  source: SourceHints,
  widths: Readonly<Record<string, number>>,
): ColumnView[] {
  return columns.map(({ name, type }) => {
    const role = roleOf(name, type, source);
    return { name, type, role, widthPx: widths[name] ?? defaultWidth(name, role) };
  });
}

function roleOf(name: string, type: string, source: SourceHints): ColumnRole {
  if (/DateTime/.test(type)) return "time";
  const known = [source.severityTextExpression, source.statusCodeExpression];
  const isText = /String|Enum/.test(type);
  if (isText && (known.includes(name) || SEVERITY_NAMES.has(name.toLowerCase()))) return "severity";
  if (/^(Nullable\()?(LowCardinality\()?(U?Int|Float|Decimal)/.test(type)) return "number";
  return "text";
}

function defaultWidth(name: string, role: ColumnRole): number {
  const byRole: Record<ColumnRole, number> = { time: 172, severity: 92, number: 96, text: 180 };
  return Math.max(byRole[role], role === "text" ? Math.min(name.length * 8 + 28, 240) : 0);
}

/** The grid's tracks: fixed widths, and a last column that takes what is left. */
export function gridTracks(columns: readonly ColumnView[]): string {
  const last = columns.length - 1;
  const tracks = columns.map(({ widthPx }, at) =>
    at === last ? `minmax(${LAST_WIDTH_PX_MIN}px, 1fr)` : `${widthPx}px`,
  );
  return tracks.join(" ");
}

/** Narrower than this the table scrolls sideways. */
export function gridWidthMin(columns: readonly ColumnView[]): number {
  return columns.slice(0, -1).reduce((sum, { widthPx }) => sum + widthPx, LAST_WIDTH_PX_MIN);
}

/** A heading for a column; nanoseconds divided into milliseconds, the one expression everybody selects, gets a name. */
export function columnLabel(name: string): string {
  return name.replace(/^round\((\w+)\s*\/\s*(1e6|1000000)\)$/, "$1 (ms)");
}

const TEXT_MAX = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with the escape character
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** One line of plain text for a cell: terminal colours gone, line breaks folded, long texts cut. */
export function cellLine(text: string): string {
  const plain = text
    .slice(0, TEXT_MAX * 2)
    .replace(ANSI, "")
    .replace(/\s+/g, " ");
  return plain.length > TEXT_MAX ? `${plain.slice(0, TEXT_MAX)}…` : plain;
}
