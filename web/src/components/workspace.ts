import { createContext, use } from "react";
import type { Measure, Workspace } from "../api/types";

export const WorkspaceContext = createContext<Workspace | null>(null);

/** The workspace, known to every page below the shell. */
export function useKnownWorkspace(): Workspace {
  const workspace = use(WorkspaceContext);
  if (!workspace) throw new Error("a page was rendered outside the shell");
  return workspace;
}

export function measureOf(workspace: Workspace, id: string): Measure {
  return workspace.measures.find((one) => one.id === id) ?? { id, label: id, help: "" };
}
