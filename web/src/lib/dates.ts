/**
 * Days as text `YYYY-MM-DD`, always UTC. The API's periods exclude their end; people read the last day
 * instead, so every range shown goes through `rangeLabel`.
 */
export interface Range {
  from: string;
  /** First day that no longer belongs. */
  to: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const SHAPE = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text: string | null | undefined): text is string {
  return (
    !!text && SHAPE.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && iso(utc(text)) === text
  );
}

function utc(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function iso(date: Date): string {
  return date.toISOString().slice(0, 10);
}

export function addDays(day: string, days: number): string {
  const date = utc(day);
  date.setUTCDate(date.getUTCDate() + days);
  return iso(date);
}

export function monthStart(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

export function addMonths(day: string, months: number): string {
  const date = utc(monthStart(day));
  date.setUTCMonth(date.getUTCMonth() + months);
  return iso(date);
}

export function daysBetween(range: Range): number {
  return Math.round((utc(range.to).getTime() - utc(range.from).getTime()) / 86_400_000);
}

/** True when the range is made of whole calendar months. */
/** How many days before `today` a day lies; 0 for today and later. */
export function daysBehind(day: string, today: string): number {
  return day < today ? daysBetween({ from: day, to: today }) : 0;
}

export function isWholeMonths(range: Range): boolean {
  return range.from.endsWith("-01") && range.to.endsWith("-01") && range.from < range.to;
}

/** `22 Nov 2026`. */
export function dayLabel(day: string): string {
  const date = utc(day);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `Sun 22 Nov 2026`. */
export function weekdayLabel(day: string): string {
  return `${WEEKDAYS[utc(day).getUTCDay()]} ${dayLabel(day)}`;
}

export function monthLabel(day: string): string {
  const date = utc(day);
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `1–22 Nov 2026`, `28 Oct – 3 Nov 2026`, `Nov 2026`, `Jun – Nov 2026`: last day included. */
export function rangeLabel(range: Range): string {
  if (range.to <= range.from) return dayLabel(range.from);
  const last = addDays(range.to, -1);
  if (isWholeMonths(range)) {
    const lastMonth = monthStart(last);
    if (lastMonth === range.from) return monthLabel(range.from);
    if (lastMonth.slice(0, 4) === range.from.slice(0, 4))
      return `${monthLabel(range.from).slice(0, 3)} – ${monthLabel(lastMonth)}`;
    return `${monthLabel(range.from)} – ${monthLabel(lastMonth)}`;
  }
  if (last === range.from) return dayLabel(range.from);
  if (last.slice(0, 7) === range.from.slice(0, 7)) return `${Number(range.from.slice(8))}–${dayLabel(last)}`;
  if (last.slice(0, 4) === range.from.slice(0, 4))
    return `${dayLabel(range.from).replace(/ \d{4}$/, "")} – ${dayLabel(last)}`;
  return `${dayLabel(range.from)} – ${dayLabel(last)}`;
}

export type PresetId =
  | "this-month"
  | "last-month"
  | "last-30-days"
  | "last-3-months"
  | "last-6-months"
  | "last-12-months"
  | "year-to-date";

export const PRESETS: { id: PresetId; label: string }[] = [
  { id: "this-month", label: "This month so far" },
  { id: "last-month", label: "Last month" },
  { id: "last-30-days", label: "Last 30 days" },
  { id: "last-3-months", label: "Last 3 full months" },
  { id: "last-6-months", label: "Last 6 full months" },
  { id: "last-12-months", label: "Last 12 full months" },
  { id: "year-to-date", label: "This year so far" },
];

/** What a preset means on a given day. `today` is the server's, so that all of a team see the same. */
export function presetRange(id: PresetId, today: string): Range {
  const month = monthStart(today);
  const tomorrow = addDays(today, 1);
  switch (id) {
    case "this-month":
      return { from: month, to: tomorrow };
    case "last-month":
      return { from: addMonths(month, -1), to: month };
    case "last-30-days":
      return { from: addDays(today, -29), to: tomorrow };
    case "last-3-months":
      return { from: addMonths(month, -3), to: month };
    case "last-6-months":
      return { from: addMonths(month, -6), to: month };
    case "last-12-months":
      return { from: addMonths(month, -12), to: month };
    case "year-to-date":
      return { from: `${today.slice(0, 4)}-01-01`, to: tomorrow };
  }
}

/** The neighbouring range: whole months step by months, others by their length in days. */
export function shiftRange(range: Range, direction: 1 | -1): Range {
  if (isWholeMonths(range)) {
    const months =
      (Number(range.to.slice(0, 4)) - Number(range.from.slice(0, 4))) * 12 +
      Number(range.to.slice(5, 7)) -
      Number(range.from.slice(5, 7));
    return { from: addMonths(range.from, direction * months), to: addMonths(range.to, direction * months) };
  }
  const days = daysBetween(range) * direction;
  return { from: addDays(range.from, days), to: addDays(range.to, days) };
}

/** Every period start the range has at a grain, so that days without charges are drawn as nothing. */
export function periodsOf(range: Range, grain: "day" | "month"): string[] {
  const periods: string[] = [];
  let at = grain === "day" ? range.from : monthStart(range.from);
  while (at < range.to && periods.length < 4000) {
    periods.push(at);
    at = grain === "day" ? addDays(at, 1) : addMonths(at, 1);
  }
  return periods;
}

/** `2026-11-22T06:00:00Z` → `22 Nov 2026, 06:00 UTC`. */
export function instantLabel(instant: string | null): string {
  if (!instant) return "—";
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  const time = instant.length > 10 ? `, ${date.toISOString().slice(11, 16)} UTC` : "";
  return `${dayLabel(date.toISOString().slice(0, 10))}${time}`;
}
