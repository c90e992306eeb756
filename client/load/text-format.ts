/** Figures as people read them. */

const thousands = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234,567` */
export function whole(value: number): string {
  return thousands.format(value);
}

const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** `12,345`, `12.5`, `0.5`, of something a second: a slow rate keeps what is behind the point. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? whole(perSecond) : threeDigits.format(perSecond);
}

/** `0.087 ms`, `1.23 ms`, `45.6 ms`, `789 ms`: three digits that mean something. */
export function milliseconds(valueMs: number): string {
  return `${fixed(valueMs)} ms`;
}

/** Three significant digits, never in exponent notation. */
export function fixed(value: number): string {
  if (value >= 100) return whole(value);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** `7.0 s` */
export function duration(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

/** `85.3 MiB` */
export function mebibytes(byteCount: number): string {
  return `${(byteCount / 1_048_576).toFixed(1)} MiB`;
}

/** Columns padded to the widest cell: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
