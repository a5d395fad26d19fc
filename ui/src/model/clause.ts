/** Building WHERE text from values a person points at. The UI only writes text; the server parses it. */
export type WhereLanguage = "lucene" | "sql";
export type Value = string | number | boolean | null;

/**
 * A clause that keeps (or, negated, drops) rows whose field has this value. `path` is a column, or a map column
 * and a key. Null when the language cannot say it.
 */
export function clauseFor(
  path: readonly [column: string, key?: string],
  value: Value,
  language: WhereLanguage,
  negate: boolean,
): string | null {
  const [column, key] = path;
  if (!isIdentifier(column)) return null;
  return language === "sql"
    ? sqlClause(column, key, value, negate)
    : luceneClause(column, key, value, negate);
}

/** The text with one more clause. An OR in the old text is fenced, because AND binds tighter. */
export function withClause(where: string, clause: string, language: WhereLanguage): string {
  const old = where.trim();
  if (!old) return clause;
  const parts = splitTop(old);
  if (parts.includes(clause)) return old;
  const hasOr = language === "sql" ? /\bor\b/i.test(unquoted(old)) : /\bOR\b|\|\|/.test(unquoted(old));
  return `${hasOr ? `(${old})` : old} AND ${clause}`;
}

export function isIdentifier(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

function sqlClause(column: string, key: string | undefined, value: Value, negate: boolean): string {
  const left = key === undefined ? column : `${column}[${sqlText(key)}]`;
  if (value === null) return `${left} IS ${negate ? "NOT " : ""}NULL`;
  const right = typeof value === "string" ? sqlText(value) : String(value);
  return `${left} ${negate ? "!=" : "="} ${right}`;
}

function sqlText(text: string): string {
  return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
}

function luceneClause(column: string, key: string | undefined, value: Value, negate: boolean): string | null {
  // A Lucene field is one term: a key with a space, a colon or a bracket cannot be written in it.
  if (key !== undefined && !/^[^\s:{}()"^~[\]\\]+$/.test(key)) return null;
  const field = key === undefined ? column : `${column}.${key}`;
  if (value === null || value === "") return `${negate ? "" : "NOT "}${field}:*`;
  const term =
    typeof value === "string" ? `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"` : String(value);
  return `${negate ? "NOT " : ""}${field}:${term}`;
}

function unquoted(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""');
}

function splitTop(text: string): string[] {
  return text.split(" AND ").map((part) => part.trim());
}
