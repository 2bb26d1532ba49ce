/**
 * The columns that hold the index of a pandas frame, which says where rows come from and is no coordinate: those that its
 * metadata names, as in https://pandas.pydata.org/docs/development/developer.html, or by the name that it gives them.
 */
export function pandasIndex(metadata: string | undefined, columns: readonly string[]): string[] {
  const named = new Set<unknown>();
  try {
    const { index_columns: index } = JSON.parse(metadata ?? '{}') as { index_columns?: unknown };
    if (Array.isArray(index)) for (const each of index) named.add(each);
  } catch {
    // Metadata that is no JSON says nothing.
  }
  return columns.filter((name) => named.has(name) || /^__index_level_\d+__$/.test(name));
}

/** Whether a column of a CSV file is the index that pandas writes without a name: the first, and only there. */
export function isCsvIndex(name: string, column: number): boolean {
  return column === 0 && (name === '' || name === 'Unnamed: 0');
}

/** The note on columns that were left out, of which one may have no name. */
export function indexNote(columns: readonly string[]): string {
  const shown = columns.map((name) => (name === '' ? 'without a name' : JSON.stringify(name))).join(', ');
  return `${columns.length === 1 ? 'column' : 'columns'} ${shown} left out: the index of the rows, which is no coordinate`;
}
