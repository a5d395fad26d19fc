import { isIdentifier, type WhereLanguage } from "./clause";

export type Suggestion = {
  kind: "field" | "value" | "recent" | "example";
  label: string;
  text: string;
  caret: number;
};
export type Vocabulary = {
  fields: readonly string[];
  /** Values seen for a field in what is loaded, commonest first. */
  valuesOf: (field: string) => readonly string[];
  recent: readonly string[];
  examples: readonly string[];
};

const SUGGESTIONS_MAX = 8;

/** What could come next at the caret: earlier queries for an empty field, then field names, then seen values. */
export function suggest(
  text: string,
  caret: number,
  language: WhereLanguage,
  { fields, valuesOf, recent, examples }: Vocabulary,
): Suggestion[] {
  if (!text.trim()) {
    const whole = (kind: "recent" | "example") => (query: string) => ({
      kind,
      label: query,
      text: query,
      caret: query.length,
    });
    return [...recent.slice(0, 6).map(whole("recent")), ...examples.map(whole("example"))].slice(0, 9);
  }
  const before = text.slice(0, caret);
  const value = valueAt(before, language);
  if (value) {
    const wanted = value.typed.toLowerCase();
    return valuesOf(value.field)
      .filter((each) => each.toLowerCase().includes(wanted) && each !== value.typed)
      .slice(0, SUGGESTIONS_MAX)
      .map((each) => replace("value", each, text, value.from, caret, quoted(each, language)));
  }
  const word = /[A-Za-z_][\w.]*$/.exec(before)?.[0] ?? "";
  if (!word || insideQuotes(before, language)) return [];
  const wanted = word.toLowerCase();
  const rank = (field: string) => (field.toLowerCase().startsWith(wanted) ? 0 : 1);
  return fields
    .filter((field) => field.toLowerCase().includes(wanted) && field !== word)
    .sort((a, b) => rank(a) - rank(b) || a.length - b.length)
    .slice(0, SUGGESTIONS_MAX)
    .map((field) => replace("field", field, text, caret - word.length, caret, fieldText(field, language)));
}

function valueAt(
  before: string,
  language: WhereLanguage,
): { field: string; typed: string; from: number } | null {
  const pattern =
    language === "sql" ? /([A-Za-z_]\w*) ?= ?('?)([^']*)$/ : /([A-Za-z_][\w.]*):("?)([^"\s:]*)$/;
  const match = pattern.exec(before);
  if (!match?.[1]) return null;
  const [, field, quote = "", typed = ""] = match;
  return { field, typed, from: before.length - typed.length - quote.length };
}

function insideQuotes(before: string, language: WhereLanguage): boolean {
  const quote = language === "sql" ? /'/g : /"/g;
  return (before.match(quote)?.length ?? 0) % 2 === 1;
}

function quoted(value: string, language: WhereLanguage): string {
  return language === "sql"
    ? `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`
    : `"${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}

function fieldText(field: string, language: WhereLanguage): string {
  if (language === "lucene") return `${field}:`;
  const [column = field, ...key] = field.split(".");
  return key.length && isIdentifier(column) ? `${column}['${key.join(".")}'] = ` : `${field} = `;
}

function replace(
  kind: Suggestion["kind"],
  label: string,
  text: string,
  from: number,
  to: number,
  by: string,
): Suggestion {
  return { kind, label, text: text.slice(0, from) + by + text.slice(to), caret: from + by.length };
}
