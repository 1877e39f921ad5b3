/** What pages and actions of the permission model are called here. */
export const PAGE_LABELS: Record<string, string> = {
  dashboard: "Dashboard",
  findings: "Findings",
  explorer: "Explorer",
  sql: "SQL",
  sources: "Sources",
  forecasts: "Forecasts",
  actions: "Actions",
  reports: "Reports",
  admin: "Admin",
};

export const ACTION_LABELS: Record<string, string> = {
  view: "View",
  scan: "Scan",
  query: "Query",
  forecast: "Forecast",
  approve: "Approve",
  remediate: "Remediate",
  "manage-sources": "Manage sources",
  "manage-members": "Manage members",
  "manage-tokens": "Manage tokens",
  "manage-sign-in": "Manage sign-in",
  "manage-keys": "Manage keys",
  "manage-settings": "Manage settings",
  "read-records": "Read the record",
  own: "Own",
};

/** On which pages an action is done; whoever opens a page may view it. */
const PLACES: Record<string, string[]> = {
  scan: ["sources", "findings"],
  query: ["explorer", "sql", "reports"],
  forecast: ["forecasts"],
  approve: ["actions"],
  remediate: ["actions"],
  "manage-sources": ["sources"],
  "manage-members": ["admin"],
  "manage-tokens": ["admin"],
  "manage-sign-in": ["admin"],
  "manage-keys": ["admin"],
  "manage-settings": ["admin"],
  "read-records": ["admin"],
};

export const pageOptions = Object.entries(PAGE_LABELS).map(([id, label]) => ({ id, label }));
/** What can be given: viewing comes with the page, owning with being an owner. */
export const actionOptions = Object.keys(PLACES).map((id) => ({ id, label: ACTION_LABELS[id] ?? id }));

export const pageLabel = (id: string) => PAGE_LABELS[id] ?? id;
export const actionLabel = (id: string) => ACTION_LABELS[id] ?? id;

/** The first action that none of the pages has, in words. */
export function homelessAction(pages: string[], actions: string[]): string | null {
  const found = actions.find((one) => PLACES[one] && !PLACES[one].some((page) => pages.includes(page)));
  if (!found) return null;
  return `${actionLabel(found)} is done on ${(PLACES[found] ?? []).map(pageLabel).join(" or ")}: give that page too, or leave the action out.`;
}
