/** What-if changes as the address bar says them: `grow~20~2027-01-01~Amazon EC2`. */
import type { ScenarioChange } from "../api/insightTypes";
import { isDay } from "./dates";

export const CHANGE_KINDS: { id: ScenarioChange["kind"]; label: string; help: string }[] = [
  { id: "grow", label: "Grow or shrink", help: "by so many percent from a day on" },
  { id: "move", label: "Move", help: "from one service to another, at another price" },
  { id: "commit", label: "Commit", help: "to so much a day for a discount" },
];

const quoted = (text: string) => text.replace(/[~%]/g, encodeURIComponent).replaceAll("~", "%7E");
const unquoted = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export function printChange(change: ScenarioChange): string {
  const parts =
    change.kind === "grow"
      ? [change.kind, change.percent, change.from, change.value ?? ""]
      : change.kind === "move"
        ? [change.kind, change.keeps_percent, change.from, change.value, change.to, change.price]
        : [change.kind, change.discount_percent, change.from, change.value, change.per_day];
  return parts.map((one) => quoted(String(one))).join("~");
}

export function readChange(text: string): ScenarioChange | null {
  const [kind, number = "", from = "", value = "", last = "", price = "1"] = text.split("~").map(unquoted);
  const share = Number(number);
  if (!isDay(from) || number === "" || !Number.isFinite(share)) return null;
  if (kind === "grow") return { kind, value: value || null, percent: share, from };
  if (kind === "move")
    return { kind, value, to: last, keeps_percent: share, price: Number(price) || 1, from };
  if (kind === "commit") return { kind, value, per_day: Number(last) || 0, discount_percent: share, from };
  return null;
}

/** What keeps a change from being calculated, in words; null when nothing does. */
export function changeProblem(change: ScenarioChange): string | null {
  if (change.kind === "grow" && (change.percent < -100 || change.percent > 1000))
    return "Between −100% (gone) and 1000%.";
  if (change.kind === "move") {
    if (!change.value || !change.to) return "Say what moves, and where to.";
    if (change.value === change.to) return "It moves to where it is.";
    if (change.keeps_percent < 0 || change.keeps_percent > 100) return "Between 0% and 100% stays.";
    if (!(change.price > 0 && change.price <= 1000))
      return "The price there is a part of the price here, such as 80%.";
  }
  if (change.kind === "commit") {
    if (!change.value) return "Say what it covers.";
    if (!(change.per_day > 0 && change.per_day < 1e12)) return "Say how much a day, such as 41.10.";
    if (change.discount_percent < 0 || change.discount_percent > 100) return "A discount of 0% to 100%.";
  }
  return null;
}
