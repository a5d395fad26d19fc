/** Every shortcut of the product: the handlers and the help dialog read the same table. */
export const SHORTCUTS = [
  { group: "Anywhere", keys: "?", does: "Show this list" },
  { group: "Search", keys: "/", does: "Go to the query" },
  { group: "Search", keys: "Enter", does: "Run the query" },
  { group: "Search", keys: "Shift Enter", does: "New line in the query" },
  { group: "Search", keys: "d", does: "Open the time range" },
  { group: "Search", keys: "l", does: "Start or pause live tail" },
  { group: "Results", keys: "↑ ↓", does: "Move the selection, also j and k" },
  { group: "Results", keys: "Enter", does: "Open the selected event" },
  { group: "Results", keys: "Home End", does: "First or last loaded event" },
  { group: "Event panel", keys: "j k", does: "Next or previous event" },
  { group: "Event panel", keys: "Esc", does: "Close the panel" },
] as const;
