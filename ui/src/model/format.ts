const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `12,431` */
export function formatCount(n: number): string {
  return grouped.format(n);
}

/** `1.2K`, `3.1M`: three figures are enough beside an exact tooltip. */
export function formatShort(n: number): string {
  for (const [size, suffix] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "K"],
  ] as const) {
    if (Math.abs(n) >= size) return `${trim(n / size)}${suffix}`;
  }
  return String(Math.round(n * 100) / 100);
}

/** `1.5 MiB` */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : trim(size)} ${units[unit]}`;
}

/** Milliseconds for a reader: `0.4 ms`, `42 ms`, `1.23 s`, `2 min 5 s`. */
export function formatElapsed(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? trim(ms) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A width of time in whole units, as in "1 bar = 30 s". */
export function formatStep(seconds: number): string {
  for (const [size, suffix] of [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${suffix}`;
  }
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds} s`;
}

function trim(n: number): string {
  return n >= 100 ? String(Math.round(n)) : String(Number(n.toFixed(n >= 10 ? 1 : 2)));
}
