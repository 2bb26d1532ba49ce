/** What the figures of experiments say of their numbers: functions of these, so that a page never says what its table denies. */

/** A curve of silhouettes against noise. */
export interface Sweep {
  readonly name: string;
  /** Silhouette of the data. */
  readonly start: number;
  /** Noise and silhouette, by growing noise. */
  readonly curve: readonly (readonly [noise: number, silhouette: number])[];
}

/** Silhouettes that differ by less are the same: a page shows three digits. */
export const SAME_SILHOUETTE = 0.001;

interface Course {
  rises: boolean;
  falls: boolean;
  best: readonly [number, number];
  last: readonly [number, number];
}

function courseOf({ start, curve }: Pick<Sweep, 'start' | 'curve'>): Course {
  const best = curve.reduce((a, b) => (b[1] > a[1] ? b : a));
  const last = curve[curve.length - 1];
  return {
    rises: best[1] >= start + SAME_SILHOUETTE,
    falls: best[0] < last[0] && last[1] <= best[1] - SAME_SILHOUETTE,
    best,
    last,
  };
}

/** Where one sweep turns. */
export function turnSentence(sweep: Sweep): string {
  const { rises, falls, best, last } = courseOf(sweep);
  const at = ([noise, silhouette]: readonly [number, number]) =>
    `${silhouette.toPrecision(3)}, at T ≈ ${noise.toPrecision(2)}`;
  const end = `${last[1].toPrecision(3)} at T ≈ ${last[0].toPrecision(2)}`;
  if (rises && falls)
    return `${sweep.name}: the silhouette is largest, ${at(best)}, and ${end}: more noise merges classes.`;
  if (rises)
    return `${sweep.name}: within the noises tried the silhouette does not turn; it is largest, ${at(best)}.`;
  if (falls)
    return `${sweep.name}: the silhouette is never above that of the data, ${sweep.start.toPrecision(3)}, and ${end}.`;
  return `${sweep.name}: the silhouette is never above that of the data, ${sweep.start.toPrecision(3)}, and does not turn.`;
}

/** What all sweeps have in common, for the caption of their figure. */
export function turnsCaption(sweeps: readonly Sweep[]): string {
  const courses = sweeps.map(courseOf);
  const what =
    'Silhouette after the continuous DAE against its total noise; the dashed line is that of the data.';
  const turning = courses.filter(({ rises, falls }) => rises && falls).length;
  if (turning === courses.length)
    return `${what} It rises as long as the noise joins points of one class only, and falls where it merges classes.`;
  return turning === 0
    ? `${what} In none of the panels it rises above the data’s and falls again.`
    : `${what} It rises above the data’s and falls again in ${turning} of ${courses.length} panels.`;
}

/** What is left of a displacement, by growing step. */
export function leftOverSentence(shares: readonly (readonly [step: number, share: number])[]): string {
  const falls = shares.every(([, share], k) => k === 0 || shares[k - 1][1] < share);
  return `What is left of the displacement ${falls ? 'falls with the step' : 'does not fall with the step'}.`;
}

/** Where the DAE lies among random directions of the same length: it has a cosine of 1 with itself. */
export function descentSentence(ownRate: number, others: readonly number[], tolerance: number): string {
  const least = Math.min(...others);
  return ownRate <= least + tolerance
    ? 'No field lowers entropy faster than the DAE, at the right.'
    : `Some fields lower entropy faster than the DAE, at the right: by ${(-least).toPrecision(3)} I against ${(-ownRate).toPrecision(3)} I.`;
}
