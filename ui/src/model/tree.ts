import type { Value } from "./clause";

/** A cell of a row as the wire has it: scalars, arrays, and objects for maps. */
export type Cell = Value | readonly Cell[] | { readonly [key: string]: Cell };
export type Row = { readonly [column: string]: Cell };

/** One line of the key/value tree. `path` addresses it; leaves of maps and columns can be filtered on. */
export type Leaf = {
  path: string;
  column: string;
  key?: string;
  value: Cell;
  depth: number;
  branch: boolean;
};

export function isMap(cell: Cell | undefined): cell is { readonly [key: string]: Cell } {
  return typeof cell === "object" && cell !== null && !Array.isArray(cell);
}

export function isBlank(cell: Cell): boolean {
  if (cell === null || cell === "") return true;
  return typeof cell === "object" && Object.keys(cell).length === 0;
}

export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** The lines of a row in column order, maps opened; `search` keeps lines whose path or value contains it. */
export function leaves(row: Row, options: { search?: string; hideBlank?: boolean } = {}): Leaf[] {
  const wanted = options.search?.trim().toLowerCase() ?? "";
  const lines: Leaf[] = [];
  const visit = (path: string, column: string, key: string | undefined, value: Cell, depth: number) => {
    if (options.hideBlank && isBlank(value)) return;
    const branch = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    const line: Leaf = { path, column, value, depth, branch, ...(key === undefined ? {} : { key }) };
    if (!branch) {
      const hit =
        !wanted || path.toLowerCase().includes(wanted) || cellText(value).toLowerCase().includes(wanted);
      if (hit) lines.push(line);
      return;
    }
    const at = lines.push(line);
    for (const [name, inner] of Object.entries(value as object) as [string, Cell][]) {
      const mapKey = depth === 0 && isMap(value) ? name : undefined;
      visit(`${path}.${name}`, column, mapKey, inner, depth + 1);
    }
    // A branch none of whose lines is wanted goes too.
    if (lines.length === at) lines.pop();
  };
  for (const [column, value] of Object.entries(row)) visit(column, column, undefined, value, 0);
  return lines;
}

/** The JSON text inside a string, indented; null when the string is not a JSON object or array. */
export function prettyJson(text: string): string | null {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}
