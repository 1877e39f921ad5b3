/** Types of events as people read them: `org.bursar.budget.threshold-reached.v1` is "budget: threshold reached". */
export function typeWords(type: string): string {
  const parts = type
    .replace(/^org\.bursar\./, "")
    .replace(/\.v\d+$/, "")
    .split(".");
  const words = parts.map((one) => one.replaceAll("-", " "));
  return words.length < 2 ? (words[0] ?? type) : `${words[0]}: ${words.slice(1).join(" ")}`;
}

/** Types under the thing they are about, in the order they came. */
export function typesByTopic<T extends { type: string }>(types: T[]): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const one of types) {
    const topic = typeWords(one.type).split(":")[0] ?? "";
    found.set(topic, [...(found.get(topic) ?? []), one]);
  }
  return [...found];
}
