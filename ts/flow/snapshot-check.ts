import { type Snapshot, areCounts } from './checkpoint.js';

/** The run that a snapshot is checked against. */
export interface ResumedRun {
  from: number;
  to: number;
  /** What times may differ by. */
  rounding: number;
  /** Times to be saved after the first, in order of time. */
  saveAt: readonly number[];
  /** How many kinds of events are watched. */
  events: number;
}

/** Whether a time has been reached at time t. */
export function isPast(time: number, t: number, { from, rounding }: Pick<ResumedRun, 'from' | 'rounding'>) {
  return Math.abs(time - from) <= Math.abs(t - from) + rounding;
}

/** Whether a snapshot's lists belong together, and its times are those that are due. */
export function isSound({ numbers, states }: Snapshot, run: ResumedRun): boolean {
  const { from, to, rounding } = run;
  const { clock, times, eventTimes, eventNumbers } = numbers;
  const [t, ...counts] = clock;
  const due = [from, ...run.saveAt.filter((time) => isPast(time, t, run))];
  const inOrder = (list: readonly number[]) =>
    list.every((time, i) => (time - (list[i - 1] ?? from)) * Math.sign(to - from) >= 0);
  return (
    clock.length === 4 &&
    areCounts(counts) &&
    inOrder([t, to]) &&
    times.length === due.length &&
    times.every((time, i) => Math.abs(time - due[i]) <= rounding) &&
    inOrder([...eventTimes, to]) &&
    areCounts(eventNumbers) &&
    eventNumbers.every((k) => k < run.events) &&
    times.length === states.saved.length &&
    eventTimes.length === eventNumbers.length &&
    eventTimes.length === states.event.length &&
    states.y.length === 1 &&
    states.derivative.length <= 1
  );
}
