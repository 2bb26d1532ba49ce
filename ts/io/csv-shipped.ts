/** What the first line of a table says that scikit-learn ships, and others after its model. */
export interface ShippedHead {
  /** Columns of numbers, before the one of the classes. */
  d: number;
  classes: string[];
}

/**
 * The first line `n,d,class,class,…` above rows of d numbers and the number of a class, as in scikit-learn's
 * `datasets/data/*.csv`; undefined for any other.
 */
export function shippedHead(
  first: readonly string[],
  below: readonly (readonly string[])[],
): ShippedHead | undefined {
  const [n, d, ...classes] = first;
  const isCount = (text: string | undefined) => text !== undefined && /^[1-9]\d*$/.test(text);
  if (!isCount(n) || !isCount(d) || classes.length < 2 || below.length === 0) return undefined;
  if (classes.some((name) => name === '' || !Number.isNaN(Number(name)))) return undefined;
  const isRow = (row: readonly string[]) =>
    row.length === Number(d) + 1 && /^\d+$/.test(row[row.length - 1]) && Number(row.at(-1)) < classes.length;
  return below.every(isRow) ? { d: Number(d), classes } : undefined;
}
