import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/client";
import { installationQuery, meQuery } from "./api/session";
import { PageError } from "./components/PageError";
import { NotFoundPage } from "./pages/fallback/NotFoundPage";
import { rememberPage, takeRememberedPage } from "./state/returnTo";
import { type Params, parseParams, stringifyParams } from "./state/url";

type Context = { queryClient: QueryClient };
const params = (raw: Record<string, unknown>) => raw as Params;

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  errorComponent: PageError,
  notFoundComponent: NotFoundPage,
});

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async ({ context }) => {
    await requireSession(context.queryClient, null);
    const page = new URL(takeRememberedPage() ?? "/search", location.origin);
    throw redirect({ to: page.pathname, search: parseParams(page.search), replace: true });
  },
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: params,
  beforeLoad: async ({ context }) => {
    if (!(await isInstalled(context.queryClient))) throw redirect({ to: "/register", search: {} });
  },
  component: lazyRouteComponent(() => import("./pages/login/LoginPage"), "LoginPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  beforeLoad: async ({ context }) => {
    if (await isInstalled(context.queryClient)) {
      throw redirect({ to: "/login", search: { err: "teamAlreadyExists" } });
    }
  },
  component: lazyRouteComponent(() => import("./pages/register/RegisterPage"), "RegisterPage"),
});

const join = createRoute({
  getParentRoute: () => root,
  path: "/join-team",
  validateSearch: params,
  component: lazyRouteComponent(() => import("./pages/register/JoinPage"), "JoinPage"),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: ({ context, location }) => requireSession(context.queryClient, location.href),
  component: lazyRouteComponent(() => import("./pages/shell/Shell"), "Shell"),
});

const search = createRoute({
  getParentRoute: () => app,
  path: "/search",
  validateSearch: params,
  component: lazyRouteComponent(() => import("./pages/search/SearchPage"), "SearchPage"),
});

const team = createRoute({
  getParentRoute: () => app,
  path: "/team",
  validateSearch: params,
  component: lazyRouteComponent(() => import("./pages/team/TeamPage"), "TeamPage"),
});

const routeTree = root.addChildren([index, login, register, join, app.addChildren([search, team])]);

/** Lets a signed-in visitor pass; sends others to sign in, or to register where nobody has yet. */
async function requireSession(queryClient: QueryClient, page: string | null): Promise<void> {
  try {
    await queryClient.ensureQueryData(meQuery);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isUnauthorized) throw error;
    if (page) rememberPage(page);
    throw redirect((await isInstalled(queryClient)) ? { to: "/login", search: {} } : { to: "/register" });
  }
}

async function isInstalled(queryClient: QueryClient): Promise<boolean> {
  return (await queryClient.fetchQuery(installationQuery)).isTeamExisting;
}

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    basepath: new URL(document.baseURI).pathname,
    parseSearch: parseParams,
    stringifySearch: stringifyParams,
    defaultPreload: "intent",
    defaultErrorComponent: PageError,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
