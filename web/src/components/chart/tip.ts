/** Tooltips as elements: markup with style attributes would break the page's content security policy. */
export interface TipRow {
  color: string | null;
  label: string;
  value: string;
  strong?: boolean;
  total?: boolean;
}

export function tip(title: string, rows: TipRow[], hint?: string): HTMLElement {
  const box = element("div", "chart-tip");
  box.append(element("div", "tip-title", title));
  for (const row of rows) {
    const line = element("div", `tip-row${row.strong ? " strong" : ""}${row.total ? " total" : ""}`);
    const swatch = element("span", row.color ? "swatch" : "");
    if (row.color) swatch.style.background = row.color;
    line.append(swatch, element("span", "clip", row.label), element("span", "num", row.value));
    box.append(line);
  }
  if (hint) box.append(element("div", "muted", hint));
  return box;
}

function element(tag: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
