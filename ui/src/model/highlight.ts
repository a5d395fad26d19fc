import type { WhereLanguage } from "./clause";

export type TokenKind = "plain" | "field" | "string" | "number" | "keyword" | "punctuation";
export type Token = { kind: TokenKind; text: string };

const LUCENE: readonly [TokenKind, RegExp][] = [
  ["string", /"(?:\\.|[^"\\])*"?/y],
  ["keyword", /(?:AND|OR|NOT|TO)(?=[\s()]|$)|&&|\|\|/y],
  ["field", /[-+!]?(?:\\.|[^\s:{}()"^~[\]\\])+(?=:)/y],
  ["punctuation", /[:(){}[\]^~]/y],
  ["number", /[<>]?=?-?\d+(?:\.\d+)?(?=[\s)\]}]|$)/y],
  ["plain", /\s+|(?:\\.|[^\s:{}()"^~[\]\\])+|\\/y],
];

const SQL: readonly [TokenKind, RegExp][] = [
  ["string", /'(?:\\.|''|[^'\\])*'?/y],
  ["keyword", /(?:and|or|not|in|like|ilike|between|is|null|true|false|case|when|then|else|end)\b/iy],
  ["number", /\d+(?:\.\d+)?\b/y],
  ["field", /[A-Za-z_]\w*(?!\w*\()|`[^`]*`?/y],
  ["punctuation", /[^\w\s'`]/y],
  ["plain", /\s+|\w+/y],
];

/** Splits a WHERE text for colouring. The tokens joined are always the text itself. */
export function tokens(text: string, language: WhereLanguage): Token[] {
  const rules = language === "sql" ? SQL : LUCENE;
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const next = match(text, at, rules) ?? { kind: "plain" as const, text: text.charAt(at) };
    found.push(next);
    at += next.text.length;
  }
  return found;
}

function match(text: string, at: number, rules: readonly [TokenKind, RegExp][]): Token | null {
  for (const [kind, pattern] of rules) {
    pattern.lastIndex = at;
    const hit = pattern.exec(text)?.[0];
    if (hit) return { kind, text: hit };
  }
  return null;
}

/** The part of the text to underline for an error at `position`: the word there, at least one character. */
export function faultSpan(text: string, position: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(position, text.length - 1));
  const word = /^[^\s()]+/.exec(text.slice(from))?.[0] ?? " ";
  return { from, to: from + word.length };
}
