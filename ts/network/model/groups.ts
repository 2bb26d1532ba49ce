/** Default of the option `memoryLimit`, in bytes. */
export const DEFAULT_MEMORY = 2 ** 30;

/** Layers in runs of at most so many bytes, at least one in each. */
export function inGroups(
  names: readonly string[],
  bytesOf: (name: string) => number,
  memory: number,
): string[][] {
  const groups: string[][] = [];
  let left = 0;
  for (const name of names) {
    const bytes = bytesOf(name);
    if (groups.length === 0 || bytes > left) {
      groups.push([]);
      left = memory;
    }
    groups[groups.length - 1].push(name);
    left -= bytes;
  }
  return groups;
}
