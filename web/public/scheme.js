// Sets the colour scheme before the first paint, so that a dark page does not flash white.
// A file of its own because the content security policy forbids inline scripts.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("bursar.scheme");
  } catch {
    // Storage may be closed to us; the system's choice stands.
  }
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
