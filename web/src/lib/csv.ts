/** CSV as RFC 4180 has it, for tables that are already on the page. */
export function toCsv(header: string[], rows: (string | null)[][]): string {
  return [header, ...rows]
    .map((row) => row.map(field).join(","))
    .join("\r\n")
    .concat("\r\n");
}

/** Text that a spreadsheet would run as a formula is made plain with a leading apostrophe; numbers stay. */
function field(value: string | null): string {
  if (value === null) return "";
  const safe = /^[=+@\t\r]/.test(value) || /^-(?!\d*\.?\d+$)/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands text to the browser as a file; nothing leaves the machine. */
export function download(name: string, text: string): void {
  save(name, text, "text/csv;charset=utf-8");
}

export function downloadText(name: string, text: string): void {
  save(name, text, "text/plain;charset=utf-8");
}

function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
