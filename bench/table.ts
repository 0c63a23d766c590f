export type Line = readonly (string | number)[];

function cell(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 3 : 1);
}

/** A title and aligned columns: the first to the left, the others to the right. */
export function table(title: string, head: readonly string[], lines: readonly Line[]): string {
  const rows = [head, ...lines.map((line) => line.map(cell))];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) =>
    row.map((value, column) => (column === 0 ? value.padEnd(widths[0] ?? 0) : value.padStart(widths[column] ?? 0))),
  );
  return [title, ...text.map((row) => `  ${row.join('  ')}`), ''].join('\n');
}
