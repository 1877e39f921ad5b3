/** Moments as people say them. `now` is an argument, so that a test can hold it still. */
import { instantLabel } from "./dates";

const UNITS: [number, string][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

function length(seconds: number): string {
  for (const [size, name] of UNITS) {
    const whole = Math.floor(seconds / size);
    if (whole >= 1) return `${whole} ${name}${whole === 1 ? "" : "s"}`;
  }
  return "less than a minute";
}

/** `3 minutes ago`, `in 2 days`; older or later than a month is a date. */
export function moment(instant: string | null | undefined, now: number): string {
  if (!instant) return "never";
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return instant;
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(seconds) > 31 * 86_400) return instantLabel(instant).replace(/,.*/, "");
  if (Math.abs(seconds) < 60) return seconds >= 0 ? "just now" : "in a moment";
  return seconds > 0 ? `${length(seconds)} ago` : `in ${length(-seconds)}`;
}

/** `1 min 05 s`, for what counts down. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return left < 60 ? `${left} s` : `${Math.floor(left / 60)} min ${String(left % 60).padStart(2, "0")} s`;
}

/** A browser as its user knows it, from what it says of itself. */
export function agentName(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
      ? "Firefox"
      : /Chrom(e|ium)\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : agent.split(/[\s/]/)[0] || "Unknown program";
  const system = /Windows/.test(agent)
    ? "Windows"
    : /Android/.test(agent)
      ? "Android"
      : /iPhone|iPad/.test(agent)
        ? "iOS"
        : /Mac OS/.test(agent)
          ? "macOS"
          : /Linux/.test(agent)
            ? "Linux"
            : null;
  return system ? `${browser} on ${system}` : browser;
}
