import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { ApiError } from "./api/client";
import { Shell } from "./components/Shell";
import { Dashboard } from "./pages/Dashboard";
import { NotFound, PageFailure } from "./pages/NotFound";
import { theme } from "./theme";

const scheme = localStorageColorSchemeManager({ key: "bursar.scheme" });

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended shows up on whatever is asked next; the shell then shows how to sign in.
    onError: (error, query) => {
      if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== "workspace")
        void client.invalidateQueries({ queryKey: ["workspace"] });
    },
  }),
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
      { path: "sign-in", element: <Navigate to="/" replace /> },
      { path: "*", element: <NotFound /> },
    ],
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
