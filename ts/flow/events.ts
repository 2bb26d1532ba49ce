import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { checkPositive } from '../core/options.js';
import { asMatrix } from '../kernel/checks.js';
import type { Kernels } from '../kernel/contract.js';
import type { DenseStep } from './dense.js';
import { type State, copyState } from './state.js';
import { checkCall } from '../core/call.js';
import { SIGNATURES } from './signatures.js';

/** What an event can compute with. */
export interface EventContext {
  kernels: Kernels;
  signal?: AbortSignal;
}

/** Something that happens where a function of time and state goes through zero. */
export interface FlowEvent {
  name: string;
  /** A continuous function whose zero is the event. The arrays of `y` are reused: do not keep them. */
  value(t: number, y: State, context: EventContext): number | Promise<number>;
  /** Whether the integration ends there. Default false. */
  terminal?: boolean;
  /** −1: only where the value falls, 1: only where it rises (in the direction of integration), 0 (default): both. */
  direction?: -1 | 0 | 1;
}

/** An event that happened. */
export interface EventRecord {
  name: string;
  time: number;
  state: State;
}

/** Throws INVALID_ARGUMENT unless every event has a name of its own and a value. */
export function checkEvents(events: readonly FlowEvent[]): void {
  const names = new Set<string>();
  events.forEach((event, i) => {
    const { name, direction = 0 } = event ?? {};
    if (typeof event?.value !== 'function')
      throw invalidArgument(`events[${i}]`, 'a name and a function value', event);
    if (typeof name !== 'string' || name === 'end' || names.has(name))
      throw invalidArgument(`events[${i}].name`, 'a name of its own, not "end"', name);
    if (![-1, 0, 1].includes(direction))
      throw invalidArgument(`events[${i}].direction`, '-1, 0 or 1', direction);
    names.add(name);
  });
}

/** Looks for events, step by step. */
export class EventWatch {
  #values: number[] = [];

  constructor(
    readonly events: readonly FlowEvent[],
    readonly context: EventContext,
  ) {}

  /** Takes the state that the first step starts from. */
  async start(t: number, y: State): Promise<void> {
    this.#values = await this.#evaluate(t, y);
  }

  /**
   * The events of an accepted step, in the order of time, up to the first terminal one. `dense` is asked for only where
   * there is one. A value that is zero at the start of a step was found in the step before.
   */
  async step(
    end: { t: number; y: State },
    dense: () => Promise<DenseStep>,
  ): Promise<{ records: EventRecord[]; terminal?: EventRecord }> {
    const before = this.#values;
    const after = await this.#evaluate(end.t, end.y);
    this.#values = after;
    const crossing = this.events.filter((event, i) => crosses(before[i], after[i], event.direction ?? 0));
    if (crossing.length === 0) return { records: [] };
    const within = await dense();
    const records: EventRecord[] = [];
    for (const event of crossing) {
      const i = this.events.indexOf(event);
      records.push(await this.#locate(event, within, [before[i], after[i]]));
    }
    const sign = Math.sign(within.to - within.from);
    records.sort((a, b) => sign * (a.time - b.time));
    const last = records.findIndex(({ name }) => crossing.find((event) => event.name === name)?.terminal);
    return last < 0 ? { records } : { records: records.slice(0, last + 1), terminal: records[last] };
  }

  async #evaluate(t: number, y: State): Promise<number[]> {
    const values: number[] = [];
    for (const event of this.events) values.push(await this.#value(event, t, y));
    return values;
  }

  async #value(event: FlowEvent, t: number, y: State): Promise<number> {
    const value = await event.value(t, y, this.context);
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    throw new RidgeflowError(
      'NON_FINITE',
      `Expected a number for the value of event ${JSON.stringify(event.name)} at time ${t} but received ${value}`,
      { details: { event: event.name, time: t } },
    );
  }

  async #locate(event: FlowEvent, dense: DenseStep, values: readonly [number, number]): Promise<EventRecord> {
    const state = copyState(dense.start, 'the state at an event');
    const resolution = 1e-12 * Math.abs(dense.to - dense.from) + 2 ** -51 * Math.abs(dense.to);
    const time = await bracketedRoot(
      async (t) => {
        dense.evaluate(t, state);
        return this.#value(event, t, state);
      },
      [dense.from, dense.to],
      values,
      resolution,
    );
    dense.evaluate(time, state);
    return { name: event.name, time, state };
  }
}

function crosses(before: number, after: number, direction: number): boolean {
  if (before === 0 || (after !== 0 && before > 0 === after > 0)) return false;
  return direction === 0 || (direction > 0 ? before < 0 : before > 0);
}

/**
 * A zero of f between a and b, where its values have opposite signs or the last is zero: the end on b's side of a bracket
 * no longer than `resolution`. The Illinois method, with a bisection at every third step so that the bracket shrinks.
 *
 * Source: M. Dowell, P. Jarratt, A modified regula falsi method for computing the root of an equation, BIT 11 (1971),
 * 168–174.
 */
async function bracketedRoot(
  f: (t: number) => Promise<number>,
  [a, b]: readonly [number, number],
  [fa, fb]: readonly [number, number],
  resolution: number,
): Promise<number> {
  const below = fa < 0;
  let lastMoved = '';
  for (let i = 1; fb !== 0 && Math.abs(b - a) > resolution; i++) {
    const secant = b - (fb * (b - a)) / (fb - fa);
    const inside = Math.abs(secant - a) < Math.abs(b - a) && Math.abs(secant - b) < Math.abs(b - a);
    const t = inside && i % 3 !== 0 ? secant : (a + b) / 2;
    if (t === a || t === b) break;
    const value = await f(t);
    if (value !== 0 && value < 0 === below) {
      [a, fa] = [t, value];
      if (lastMoved === 'a') fb /= 2;
      lastMoved = 'a';
    } else {
      [b, fb] = [t, value];
      if (lastMoved === 'b') fa /= 2;
      lastMoved = 'b';
    }
  }
  return b;
}

/** What the helpers below share. */
export interface EventOptions {
  name?: string;
  /** Default true. */
  terminal?: boolean;
}

/**
 * The first point leaves the ball |x − centre| ≤ radius. Looks at the first array of the state, n × d.
 *
 * @param centre d coordinates.
 */
export function leavingBall(
  centre: ArrayLike<number>,
  radius: number,
  options: EventOptions = {},
): FlowEvent {
  checkCall(SIGNATURES.leavingBall, { centre, options });
  const { name = 'leaving-ball', terminal = true } = options;
  checkPositive(radius, 'radius');
  return {
    name,
    terminal,
    direction: -1,
    value(_t, [{ data, shape }]) {
      const d = shape[1];
      if (centre.length !== d) throw invalidArgument('centre', `${d} coordinates`, centre);
      let farthest = 0;
      for (let i = 0; i < data.length;) {
        let squared = 0;
        for (let k = 0; k < d; k++, i++) squared += (data[i] - centre[k]) ** 2;
        if (!(squared <= farthest)) farthest = squared;
      }
      return radius - Math.sqrt(farthest);
    },
  };
}

/**
 * The cloud loses a dimension: the smallest of its principal variances falls to `threshold`. Looks at the first array of
 * the state, n × d. O(nd² + d³) time for each step.
 *
 * @param threshold A variance, in squared units of the points.
 */
export function collapse(threshold: number, options: EventOptions = {}): FlowEvent {
  checkCall(SIGNATURES.collapse, { options });
  const { name = 'collapse', terminal = true } = options;
  checkPositive(threshold, 'threshold');
  return {
    name,
    terminal,
    direction: -1,
    async value(_t, [positions], { kernels, signal }) {
      const points = asMatrix(positions);
      const { covariance } = await kernels.covariance(points, { signal });
      const { values } = await kernels.symmetricEigen(covariance, points.columns);
      return values[0] - threshold;
    },
  };
}
