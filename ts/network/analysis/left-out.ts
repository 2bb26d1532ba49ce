import type { LeftOutLayer } from '../model/index.js';

/** Names that a sentence lists. */
const LISTED = 5;

/**
 * `2 of 9 layers are left out, because each gives whole numbers (a, b)`; undefined where none are.
 *
 * @param shown how many are not.
 */
export function leftOutSentence(shown: number, leftOut: readonly LeftOutLayer[]): string | undefined {
  if (leftOut.length === 0) return undefined;
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of leftOut) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  const why = Array.from(reasons, ([reason, names]) => {
    const more = names.length - LISTED;
    return `${reason} (${names.slice(0, LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
  });
  const all = shown + leftOut.length;
  return `${leftOut.length} of ${all} layers ${leftOut.length === 1 ? 'is' : 'are'} left out, because ${leftOut.length === 1 ? 'it' : 'each'} ${why.join(' or ')}`;
}
