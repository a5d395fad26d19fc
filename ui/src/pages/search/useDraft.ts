import { useState } from "react";

/**
 * What is typed but has not run. A change of the address (Back, a link, a filter) replaces it. It lives in the
 * toolbar, so that typing renders the toolbar and not the results.
 */
export function useDraft(where: string): [string, (draft: string) => void] {
  const [held, setHeld] = useState({ where, draft: where });
  const current = held.where === where ? held : { where, draft: where };
  if (current !== held) setHeld(current);
  return [current.draft, (draft) => setHeld({ where, draft })];
}
