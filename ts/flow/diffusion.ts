import { tell } from '../core/options.js';
import type { FloatData, NdArray } from '../core/array.js';
import { RandomStream } from '../core/random.js';
import type { VelocityField } from '../field/field.js';
import type { Kernels } from '../kernel/contract.js';
import { Checkpoints, type Snapshot, areCounts, noSnapshot, readSnapshot, textCodes } from './checkpoint.js';
import { nonFiniteAt } from './controller.js';
import { checkedValues } from './field-values.js';
import { Pace, unlessAborted } from '../core/pace.js';
import { type DiffuseOptions, type DiffusionPath, noiseAt } from './stochastic-problem.js';
import { type State, assign, combine, copyState, isFiniteState, stateLike } from './state.js';
import { type TimeGrid, standingStill, timeGrid } from './time-grid.js';

/** One run of `diffuse`. */
export class Diffusion {
  readonly #drift: VelocityField;
  readonly #options: DiffuseOptions;
  readonly #kernels: Kernels;
  readonly #pace: Pace;
  readonly #checkpoints: Checkpoints;
  readonly #grid: TimeGrid;
  readonly #start: State;
  readonly #x: State;
  readonly #predicted: State;
  readonly #noise: State;
  /** The drift at the start and, for Heun's method, at the predicted end of a step. */
  readonly #drifts: readonly State[];
  #steps = 0;
  #evaluations = 0;

  constructor(drift: VelocityField, start: NdArray, options: DiffuseOptions, kernels: Kernels) {
    const { from = 0, to, step, saveAt = [], signal, onProgress, checkpoint } = options;
    this.#drift = drift;
    this.#options = options;
    this.#kernels = kernels;
    this.#checkpoints = new Checkpoints(checkpoint, signal);
    this.#grid = timeGrid(from, to, step, saveAt);
    this.#pace = new Pace({ signal, onProgress }, this.#grid.count);
    this.#start = [start];
    this.#x = copyState([start]);
    this.#noise = stateLike([start]);
    this.#predicted = stateLike([start]);
    this.#drifts = [stateLike([start]), stateLike([start])];
  }

  async run(): Promise<DiffusionPath> {
    const { onStep } = this.#options;
    const { count, saved, time } = this.#grid;
    await this.#pace.reach(0);
    const states = await this.#resume();
    while (this.#steps < count) {
      const [t, next] = [time(this.#steps), time(this.#steps + 1)];
      if (next === t) throw standingStill(t, next - t);
      await this.#step(t, next);
      this.#steps++;
      if (!(await isFiniteState(this.#kernels, this.#x))) throw nonFiniteAt(next, 'the solution');
      if (saved.has(this.#steps)) states.push(copyState(this.#x));
      await tell(onStep, { t: next, step: next - t, positions: this.#x[0] }, 'onStep');
      await this.#checkpoints.afterStep(this.#steps, () => this.#snapshot(states));
    }
    await this.#pace.finish();
    const steps = [0, ...saved];
    const result = states.map(([positions], i) => ({ time: time(steps[i]), positions }));
    return {
      states: result,
      end: result[result.length - 1],
      statistics: { steps: this.#steps, evaluations: this.#evaluations },
    };
  }

  /** x ← x + h v + √|h| g z, where Heun's method takes v and g as means over both ends of the step. */
  async #step(t: number, next: number): Promise<void> {
    const h = next - t;
    const heun = this.#options.solver !== 'euler-maruyama';
    const [first, second] = this.#drifts;
    const noise = this.#noise;
    const scale = await this.#drawNoise(h, [t, heun ? next : t]);
    await this.#evaluate(t, this.#x, first);
    const move = (out: State, drifts: readonly State[]) =>
      combine(this.#kernels, out, [
        { coefficient: 1, state: this.#x },
        ...drifts.map((state) => ({ coefficient: h / drifts.length, state })),
        { coefficient: scale, state: noise },
      ]);
    if (!heun) return move(this.#x, [first]);
    move(this.#predicted, [first]);
    await this.#evaluate(next, this.#predicted, second);
    move(this.#x, [first, second]);
  }

  async #evaluate(t: number, [x]: State, out: State): Promise<void> {
    const { signal, seed, backend } = this.#options;
    await this.#pace.reach(this.#steps);
    const { velocity } = await unlessAborted(
      signal,
      this.#drift.evaluate(x, t, { into: { velocity: out[0].data } }, { signal, seed, backend }),
    );
    this.#evaluations++;
    const velocities = checkedValues('velocity', velocity.data, x.data.length);
    if (velocities !== out[0].data) out[0].data.set(velocities);
    if (!(await isFiniteState(this.#kernels, out))) throw nonFiniteAt(t, 'the drift');
  }

  /** Draws the normal numbers of this step, scaled by coordinate where that is asked; returns what is left to scale by. */
  async #drawNoise(h: number, [t, next]: readonly [number, number]): Promise<number> {
    const { noise, normals, seed, signal } = this.#options;
    const [{ data, shape }] = this.#noise;
    const d = shape[1];
    const [a, b] = [noiseAt(noise, t, d), noiseAt(noise, next, d)];
    if (normals) normals(this.#steps, data);
    else {
      const stream = new RandomStream(seed, 'noise', this.#steps);
      await this.#kernels.normals({ stream, out: data }, { signal });
    }
    const root = Math.sqrt(Math.abs(h));
    if (typeof a === 'number' && typeof b === 'number') return (root * (a + b)) / 2;
    const at = (scale: typeof a, k: number) => (typeof scale === 'number' ? scale : scale[k]);
    scaleColumns(
      data,
      Float64Array.from({ length: d }, (_, k) => (at(a, k) + at(b, k)) / 2),
    );
    return root;
  }

  /** What a snapshot must have in common with the run that it resumes. */
  #identity(): Record<string, number[]> {
    const { from = 0, to, solver = 'stochastic-heun', seed = 0 } = this.#options;
    return {
      interval: [from, to],
      solver: textCodes(solver),
      seed: [seed],
      steps: [this.#grid.count],
      stops: [...this.#grid.saved],
    };
  }

  #snapshot(states: readonly State[]): Snapshot {
    return {
      numbers: { ...this.#identity(), clock: [this.#steps, this.#evaluations] },
      states: { saved: states, y: [this.#x] },
    };
  }

  /** Goes on from the snapshot, if there is one; returns the states saved so far. */
  async #resume(): Promise<State[]> {
    const { resume, signal } = this.#options;
    if (resume === undefined) return [copyState(this.#start)];
    const schema = {
      identity: this.#identity(),
      start: this.#start,
      numbers: ['clock'],
      states: ['saved', 'y'],
    };
    const { numbers, states } = await readSnapshot(resume, schema, signal);
    const { clock } = numbers;
    const saved = [...this.#grid.saved].filter((step) => step <= clock[0]).length;
    const sound =
      clock.length === 2 && areCounts(clock) && clock[0] <= this.#grid.count && states.y.length === 1;
    if (!sound || states.saved.length !== 1 + saved) throw noSnapshot(resume);
    [this.#steps, this.#evaluations] = clock;
    assign(this.#x, states.y[0]);
    this.#checkpoints.resumeAt(this.#steps);
    return [...states.saved];
  }
}

function scaleColumns(data: FloatData, scales: Float64Array): void {
  const d = scales.length;
  for (let i = 0; i < data.length; i += d) {
    for (let k = 0; k < d; k++) data[i + k] *= scales[k];
  }
}
