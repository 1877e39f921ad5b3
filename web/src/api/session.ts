/** Who is signed in, and in which workspace: the question before every other. */
import { useQuery } from "@tanstack/react-query";
import { chooseWorkspace, chosenWorkspace } from "../lib/workspaceChoice";
import { api } from "./client";
import { isMissing } from "./http";
import { auth, me } from "./identity";
import type { Me, Methods } from "./identityTypes";

/** `me` is null on a server from before accounts: whoever has its link may see everything. */
export interface Session {
  me: Me | null;
}

async function session(signal: AbortSignal): Promise<Session> {
  try {
    const found = await me.get(signal);
    // Pinned, so that switching in another window does not change what this one shows.
    if (found.workspace) chooseWorkspace(found.workspace.id);
    return { me: found };
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (chosenWorkspace() !== null) {
      // Strangers are told "not found": the workspace is gone, or no longer ours.
      chooseWorkspace(null);
      return session(signal);
    }
    await api.workspace(signal);
    return { me: null };
  }
}

export function useSession() {
  return useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => session(signal),
    retry: false,
    refetchOnWindowFocus: true,
  });
}

/** Null on a server that has one-time links only. */
export function useMethods() {
  return useQuery({
    queryKey: ["methods"],
    queryFn: async ({ signal }): Promise<Methods | null> => {
      try {
        return await auth.methods(signal);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    staleTime: 30_000,
    meta: { quiet: true },
  });
}
