/** The levels the product colours. Wire texts vary in case and spelling; this is the one place that folds them. */
export type Level = "fatal" | "error" | "warn" | "info" | "ok" | "debug" | "trace" | "other";

/** From the bottom of a stacked bar to its top: what hurts sits on the axis, where lengths compare best. */
export const LEVELS: readonly Level[] = ["fatal", "error", "warn", "info", "ok", "debug", "trace", "other"];

const WORDS: readonly [Level, RegExp][] = [
  ["fatal", /^(fatal|crit|critical|emerg|emergency|alert|panic)\d*$/],
  ["error", /^(err|error|severe|status_code_error)\d*$/],
  ["warn", /^(warn|warning)\d*$/],
  ["ok", /^(ok|success|status_code_ok)$/],
  ["info", /^(info|information|informational|notice|unset|status_code_unset)\d*$/],
  ["debug", /^(debug|dbg|verbose)\d*$/],
  ["trace", /^trace\d*$/],
];

export function levelOf(text: string): Level {
  const word = text.trim().toLowerCase();
  return WORDS.find(([, pattern]) => pattern.test(word))?.[0] ?? "other";
}

export function levelColor(level: Level): string {
  return `var(--sev-${level})`;
}

/** Histogram groups in stacking order: by level, then by name. */
export function orderGroups<T extends { name: string }>(groups: readonly T[]): T[] {
  const rank = (group: T) => LEVELS.indexOf(levelOf(group.name));
  return [...groups].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
