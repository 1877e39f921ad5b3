import { useMantineColorScheme } from "@mantine/core";
import { MoonIcon, SunIcon, SystemIcon } from "./icons";

const NEXT = { auto: "light", light: "dark", dark: "auto" } as const;
const LABEL = { auto: "as the system", light: "light", dark: "dark" };

/** System → light → dark; the choice is kept in this browser. */
export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({
    // Holding transitions back would need a <style> tag, which the page's policy forbids.
    keepTransitions: true,
  });
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Colours: ${LABEL[colorScheme]}. Change to ${LABEL[NEXT[colorScheme]]}`}
      title={`Colours: ${LABEL[colorScheme]}`}
      onClick={() => setColorScheme(NEXT[colorScheme])}
    >
      {colorScheme === "auto" ? <SystemIcon /> : colorScheme === "light" ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
