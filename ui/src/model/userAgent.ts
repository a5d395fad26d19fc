// Engines name each other, so the order counts: what is named by nobody else comes first.
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\bChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS X/, "macOS"],
  [/Windows/, "Windows"],
  [/Linux/, "Linux"],
];

/** What people call the program behind a User-Agent: `Firefox on Linux`. */
export function browserOf(userAgent: string): string {
  const find = (table: readonly [RegExp, string][]) => table.find(([sign]) => sign.test(userAgent))?.[1];
  const browser = find(BROWSERS) ?? (userAgent.split("/")[0]?.slice(0, 40) || "Unknown");
  const system = find(SYSTEMS);
  return system ? `${browser} on ${system}` : browser;
}
