/**
 * Which workspace this window looks at. A link says it as `?w=wsp_…`; the window then remembers it, so that two
 * windows may show two workspaces. Nothing chosen: the server takes the one used last.
 */
const KEY = "bursar.workspace";

let chosen: string | null = null;

/** Reads the choice once, and takes `w` out of the address, which belongs to the page. */
export function readChoice(): void {
  const address = new URL(window.location.href);
  const asked = address.searchParams.get("w");
  if (asked !== null) {
    chooseWorkspace(asked || null);
    address.searchParams.delete("w");
    window.history.replaceState(
      window.history.state,
      "",
      `${address.pathname}${address.search}${address.hash}`,
    );
    return;
  }
  try {
    chosen = sessionStorage.getItem(KEY);
  } catch {
    chosen = null;
  }
}

export function chosenWorkspace(): string | null {
  return chosen;
}

export function chooseWorkspace(id: string | null): void {
  chosen = id && /^wsp_\w{1,64}$/.test(id) ? id : null;
  try {
    if (chosen) sessionStorage.setItem(KEY, chosen);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage the choice lasts until the page is loaded again.
  }
}
