/** Plain text tables for terminals 80 columns wide. */

/** Rows as aligned columns, two spaces apart; columns whose cells are all numbers stand to the right. */
export function formatTable(rows: readonly (readonly string[])[], indent = ''): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => (row[c] ?? '').length)),
  );
  const numeric = widths.map((_, c) =>
    rows.slice(1).every((row) => /^[-+~]?[\d.,]*( ?[a-zA-Z/%]+)?$/.test(row[c] ?? '')),
  );
  return rows
    .map((row) =>
      (
        indent +
        row
          .map((cell, c) => (numeric[c] && c > 0 ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
          .join('  ')
      ).trimEnd(),
    )
    .join('\n');
}

/** 0.0041 as +0.41 %; what rounds to nothing has no sign. */
export function signedPercent(share: number): string {
  const digits = (100 * share).toFixed(2);
  const value = Number(digits);
  return `${value > 0 ? '+' : ''}${value === 0 ? '0.00' : digits} %`;
}

/** 1234567 as 1,234,567. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes as KB of 1024, one decimal below 100. */
export function kilobytes(bytes: number): string {
  const value = bytes / 1024;
  return `${value < 100 ? value.toFixed(1) : thousands(value)} KB`;
}
