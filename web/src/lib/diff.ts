/** What changed between two states of something, field by field. */

export interface Difference {
  /** Names from the outside in: `scope`, `0`, `values`. */
  path: string[];
  /** Undefined where the field was not there. */
  before: unknown;
  after: unknown;
  kind: "same" | "changed" | "added" | "removed";
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, at) => equal(one, b[at]));
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length && names.every((name) => name in b && equal(a[name], b[name]))
    );
  }
  return false;
}

/** Objects are compared name by name, lists as a whole: their members have no names. */
export function differences(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = [];
  const compare = (path: string[], one: unknown, other: unknown): void => {
    const inside = isObject(one) || isObject(other);
    const bothOrAbsent = (isObject(one) || one == null) && (isObject(other) || other == null);
    if (inside && bothOrAbsent) {
      const names = [...new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})])].sort();
      for (const name of names)
        compare(
          [...path, name],
          isObject(one) ? one[name] : undefined,
          isObject(other) ? other[name] : undefined,
        );
      if (names.length > 0) return;
    }
    found.push({
      path,
      before: one,
      after: other,
      kind: equal(one, other)
        ? "same"
        : one === undefined || one === null
          ? "added"
          : other === undefined || other === null
            ? "removed"
            : "changed",
    });
  };
  compare([], before ?? undefined, after ?? undefined);
  return found;
}

/** `scope › 0 › values`. */
export function pathWords(path: string[]): string {
  return path.length === 0 ? "value" : path.join(" › ").replaceAll("_", " ");
}

/** A value as it is read: text without quotes, nothing as a dash. */
export function valueWords(value: unknown): string {
  if (value === undefined || value === null) return "—";
  if (typeof value === "string") return value === "" ? "(empty)" : value;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object" || one === null))
    return value.length === 0 ? "(none)" : value.map(valueWords).join(", ");
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

/** Of two lists of words: what each side has that the other has not. Null when they are no such lists. */
export function members(
  before: unknown,
  after: unknown,
): { text: string; only: "before" | "after" | null }[] | null {
  const words = (value: unknown) =>
    Array.isArray(value) && value.every((one) => ["string", "number"].includes(typeof one))
      ? value.map(String)
      : null;
  const [one, other] = [words(before), words(after)];
  if (!one || !other) return null;
  return [
    ...one.map((text) => ({ text, only: other.includes(text) ? null : ("before" as const) })),
    ...other.filter((text) => !one.includes(text)).map((text) => ({ text, only: "after" as const })),
  ];
}
