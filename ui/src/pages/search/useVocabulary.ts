import { useMemo } from "react";
import type { SearchPageResult } from "../../api/search";
import type { Source } from "../../api/sources";
import { isIdentifier, type WhereLanguage } from "../../model/clause";
import { examplesFor } from "../../model/examples";
import type { Vocabulary } from "../../model/suggest";
import { cellText, isMap, type Row } from "../../model/tree";

const VALUES_MAX = 50;
const VALUE_LENGTH_MAX = 80;

/** Words for the query field, from what is already here: the source, the loaded rows and the open event. */
export function useVocabulary(
  source: Source | null,
  page: SearchPageResult | undefined,
  row: Row | undefined,
  recent: readonly string[],
  language: WhereLanguage,
): Vocabulary {
  return useMemo(
    () => ({
      fields: fieldsOf(source, page, row),
      valuesOf: (field) => valuesOf(field, page),
      recent,
      examples: examplesFor(source?.kind, language).queries,
    }),
    [source, page, row, recent, language],
  );
}

function fieldsOf(source: Source | null, page: SearchPageResult | undefined, row: Row | undefined): string[] {
  const fields = new Set<string>(page?.columns.map((column) => column.name));
  for (const [name, value] of Object.entries(source ?? {})) {
    if (name.endsWith("Expression") && typeof value === "string") fields.add(value);
  }
  for (const [column, value] of Object.entries(row ?? {})) {
    fields.add(column);
    if (isMap(value)) for (const key of Object.keys(value)) fields.add(`${column}.${key}`);
  }
  return [...fields].filter((field) => isIdentifier(field.split(".")[0] ?? ""));
}

function valuesOf(field: string, page: SearchPageResult | undefined): string[] {
  const at = page?.columns.findIndex((column) => column.name === field) ?? -1;
  if (at < 0 || !page) return [];
  const counts = new Map<string, number>();
  for (const cells of page.rows) {
    const text = cellText(cells[at]);
    if (text && text.length <= VALUE_LENGTH_MAX) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, VALUES_MAX)
    .map(([text]) => text);
}
