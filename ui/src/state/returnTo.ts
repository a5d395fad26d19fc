/** The page a signed-out visitor asked for. A native login form forgets it, so the tab remembers. */
const KEY = "clickstack.returnTo";

export function rememberPage(pathAndSearch: string): void {
  sessionStorage.setItem(KEY, pathAndSearch);
}

/** Only a path of this site comes back: `//host` and full addresses would leave it. */
export function takeRememberedPage(): string | null {
  const page = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return page && /^\/(?!\/)/.test(page) ? page : null;
}
