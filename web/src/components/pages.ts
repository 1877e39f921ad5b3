/** The pages in the navigation, and the page of the permission model that each is. */
export interface PageEntry {
  to: string;
  label: string;
  page: string;
}

export const PAGES: PageEntry[] = [
  { to: "/", label: "Dashboard", page: "dashboard" },
  { to: "/explore", label: "Explorer", page: "explorer" },
  { to: "/sql", label: "SQL", page: "sql" },
  { to: "/sources", label: "Sources", page: "sources" },
];

export const ADMIN: PageEntry = { to: "/admin", label: "Admin", page: "admin" };
