/** The pages in the navigation, and the page of the permission model that each is. */
export interface PageEntry {
  to: string;
  label: string;
  page: string;
  /** The second key after `g`. */
  key: string;
}

export interface PageGroup {
  label: string;
  pages: PageEntry[];
}

/** In the order of the questions: what does it cost, what is odd about it, where does it come from. */
export const GROUPS: PageGroup[] = [
  {
    label: "Costs",
    pages: [
      { to: "/", label: "Dashboard", page: "dashboard", key: "d" },
      { to: "/explore", label: "Explorer", page: "explorer", key: "e" },
      { to: "/sql", label: "SQL", page: "sql", key: "q" },
      { to: "/forecast", label: "Forecast", page: "forecasts", key: "f" },
      { to: "/budgets", label: "Budgets", page: "forecasts", key: "b" },
      { to: "/allocation", label: "Allocation", page: "explorer", key: "l" },
    ],
  },
  {
    label: "Findings",
    pages: [
      { to: "/anomalies", label: "Anomalies", page: "findings", key: "n" },
      { to: "/recommendations", label: "Recommendations", page: "findings", key: "r" },
    ],
  },
  { label: "Sources", pages: [{ to: "/sources", label: "Sources", page: "sources", key: "s" }] },
];

export const PAGES: PageEntry[] = GROUPS.flatMap((group) => group.pages);

export const ADMIN: PageEntry = { to: "/admin", label: "Admin", page: "admin", key: "a" };
