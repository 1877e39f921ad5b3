import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { ApiError } from "./api/http";
import { Charges } from "./components/Charges";
import { Shell } from "./components/Shell";
import { Dashboard } from "./pages/Dashboard";
import { NotFound, PageFailure } from "./pages/NotFound";
import { theme } from "./theme";

const scheme = localStorageColorSchemeManager({ key: "bursar.scheme" });

/** A session that ended, or a role that changed, shows up on whatever is asked next; the shell then looks again. */
function lookAgain(error: Error): void {
  if (error instanceof ApiError && (error.status === 401 || error.status === 403))
    void client.invalidateQueries({ queryKey: ["session"] });
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== "session") lookAgain(error);
    },
  }),
  mutationCache: new MutationCache({ onError: lookAgain }),
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      gcTime: 10 * 60_000,
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && [0, 502, 503, 504].includes(error.status),
    },
  },
});

const router = createBrowserRouter([
  {
    path: "/",
    element: <Shell />,
    errorElement: <PageFailure />,
    hydrateFallbackElement: <div className="page" />,
    children: [
      {
        element: <Charges />,
        children: [
          { index: true, element: <Dashboard /> },
          {
            path: "explore",
            lazy: async () => ({ Component: (await import("./pages/explorer/Explorer")).Explorer }),
          },
          { path: "sql", lazy: async () => ({ Component: (await import("./pages/Sql")).Sql }) },
          {
            path: "sources",
            lazy: async () => ({ Component: (await import("./pages/sources/Sources")).Sources }),
          },
          {
            path: "forecast",
            lazy: async () => ({ Component: (await import("./pages/forecast/Forecast")).Forecast }),
          },
          {
            path: "budgets",
            lazy: async () => ({ Component: (await import("./pages/budgets/Budgets")).Budgets }),
          },
          {
            path: "anomalies",
            lazy: async () => ({ Component: (await import("./pages/anomalies/Anomalies")).Anomalies }),
          },
          {
            path: "recommendations",
            lazy: async () => ({
              Component: (await import("./pages/recommendations/Recommendations")).Recommendations,
            }),
          },
          {
            path: "allocation",
            lazy: async () => ({ Component: (await import("./pages/allocation/Allocation")).Allocation }),
          },
        ],
      },
      {
        path: "account",
        lazy: async () => ({ Component: (await import("./pages/account/Account")).Account }),
      },
      {
        path: "inbox",
        lazy: async () => ({ Component: (await import("./pages/InboxPage")).InboxPage }),
      },
      {
        path: "leaving/:id",
        lazy: async () => ({ Component: (await import("./pages/Leaving")).Leaving }),
      },
      {
        path: "admin",
        lazy: async () => ({ Component: (await import("./pages/admin/Admin")).Admin }),
        children: [
          { index: true, element: <Navigate to="members" replace /> },
          {
            path: "members",
            lazy: async () => ({ Component: (await import("./pages/admin/Members")).Members }),
          },
          { path: "roles", lazy: async () => ({ Component: (await import("./pages/admin/Roles")).Roles }) },
          { path: "teams", lazy: async () => ({ Component: (await import("./pages/admin/Teams")).Teams }) },
          {
            path: "tokens",
            lazy: async () => ({ Component: (await import("./pages/admin/Tokens")).Tokens }),
          },
          {
            path: "sign-in",
            lazy: async () => ({
              Component: (await import("./pages/admin/SignInSettings")).SignInSettings,
            }),
          },
          { path: "keys", lazy: async () => ({ Component: (await import("./pages/admin/Keys")).Keys }) },
          {
            path: "backups",
            lazy: async () => ({ Component: (await import("./pages/admin/Backups")).Backups }),
          },
          {
            path: "record",
            lazy: async () => ({ Component: (await import("./pages/admin/Record")).RecordPage }),
          },
          {
            path: "webhooks",
            lazy: async () => ({ Component: (await import("./pages/admin/Webhooks")).Webhooks }),
          },
          {
            path: "alerts",
            lazy: async () => ({ Component: (await import("./pages/admin/Alerts")).Alerts }),
          },
          { path: "staff", lazy: async () => ({ Component: (await import("./pages/admin/Staff")).Staff }) },
          {
            path: "workspace",
            lazy: async () => ({
              Component: (await import("./pages/admin/WorkspaceSettings")).WorkspaceSettings,
            }),
          },
        ],
      },
      { path: "sign-in", element: <Navigate to="/" replace /> },
      { path: "*", element: <NotFound /> },
    ],
  },
  {
    path: "/welcome",
    errorElement: <PageFailure />,
    hydrateFallbackElement: <div className="page" />,
    lazy: async () => ({ Component: (await import("./pages/sign-in/Welcome")).Welcome }),
  },
]);

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={scheme}
      // Both would insert <style> tags, which the content security policy forbids; see styles/mantine.css.
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
