import { createContext, use } from "react";
import type { Me, MyWorkspace } from "../api/identityTypes";

/** Null on a server without accounts, where nothing is hidden. */
export const MeContext = createContext<Me | null>(null);

export function useMe(): Me | null {
  return use(MeContext);
}

/** For pages that exist only where there are accounts. */
export function useKnownMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error("this page needs accounts");
  return me;
}

/** For pages that exist only in a workspace. */
export function useMyWorkspace(): MyWorkspace {
  const { workspace } = useKnownMe();
  if (!workspace) throw new Error("this page needs a workspace");
  return workspace;
}

/** Whether a page is among those of the role. The server decides again; this only hides what it would refuse. */
export function opens(me: Me | null, page: string): boolean {
  return me === null || (me.workspace?.pages.includes(page) ?? false);
}

export function may(me: Me | null, action: string): boolean {
  return me?.workspace?.actions.includes(action) ?? false;
}

export const ROLE_NAMES: Record<string, string> = {
  viewer: "Viewer",
  analyst: "Analyst",
  operator: "Operator",
  admin: "Admin",
};

/** A role's name for people; one of the workspace's own comes with its name where the server gives it. */
export function roleLabel(role: string, name?: string): string {
  return ROLE_NAMES[role] || name || (role.startsWith("rol_") ? "one of the workspace's own" : role);
}
