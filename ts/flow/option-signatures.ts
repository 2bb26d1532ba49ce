import { callback, ifObject, listOf, object, options, TEXT, NUMBER, FLAG } from '../core/rules.js';
import type { CheckpointOptions } from './checkpoint.js';
import type { ControllerGains } from './controller.js';
import type { LineFreeEnergy } from './jko/line-energy.js';
import type { NoiseInjection } from './named/kernel-flow.js';
import type { Track } from './particles.js';
import type { SolveOptions } from './problem.js';
import type { TrajectoryTolerance } from './integrate.js';
import type { Tolerance } from './tolerance.js';

// Rules of options that are objects themselves.

export const CHECKPOINT = options<CheckpointOptions>()(
  {
    every: options<NonNullable<CheckpointOptions['every']>>()({ seconds: NUMBER, steps: NUMBER }, true),
    file: TEXT,
  },
  true,
);

export const CONTROLLER = options<ControllerGains>()(
  { derivative: NUMBER, integral: NUMBER, proportional: NUMBER },
  true,
);

export const EVENTS = listOf(object(['name', 'value()']), true);

/** A function on the line with two derivatives. */
const LINE_FUNCTION = object(['value()', 'derivative()', 'secondDerivative()'], true);

/** The library's or the caller's. */
export const PROCESS = object(['name', 'end', 'drift()', 'noise()', 'scale()', 'variance()']);

export const NOISE_INJECTION = options<NoiseInjection>()({ level: 1, step: NUMBER }, true);

export const NORMALS = callback(true);

export const POROUS_MEDIUM = options<NonNullable<LineFreeEnergy['porousMedium']>>()(
  { coefficient: NUMBER, exponent: NUMBER },
  true,
);

/** A tableau of the library or of the caller. */
export const SOLVER = ifObject(object(['name', 'order', 'a', 'b', 'c'], true));

/** A length, or a number of steps. */
export const STEP = ifObject(
  options<Exclude<NonNullable<SolveOptions['step']>, number>>()({ steps: NUMBER }, true),
);

export const TOLERANCE = options<Tolerance>()({ absolute: 1, relative: NUMBER }, true);

export const TRACK = options<Track>()(
  { action: FLAG, arcLength: FLAG, jacobian: FLAG, logDensity: FLAG },
  true,
);

export const TRAJECTORY_TOLERANCE = options<TrajectoryTolerance>()(
  { absolute: 1, logDensity: NUMBER, relative: NUMBER },
  true,
);

export const LINE_ENERGY = options<LineFreeEnergy>()({
  entropy: NUMBER,
  interaction: LINE_FUNCTION,
  porousMedium: POROUS_MEDIUM,
  potential: LINE_FUNCTION,
});
