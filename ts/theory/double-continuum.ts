import { backwardHeatField, scaled } from '../field/index.js';
import { continuousDaeFlow } from '../flow/named/continuous-dae.js';
import type { Measure } from '../measure/index.js';
import { compileFlow, distanceFromFlow } from '../network/index.js';
import {
  type ClaimCheck,
  type ClaimFigure,
  type ClaimOptions,
  type ClaimPart,
  type FigureSeries,
  atMost,
  equal,
} from './claim.js';
import { exampleMeasures } from './examples.js';
import { powerLaw } from './numerics.js';

/** Residual networks built from the flow of mixtures and Gaussians: error over depth and width. */
export async function doubleContinuum(options: ClaimOptions): Promise<ClaimPart> {
  const { quick = false, seed, signal, backend, displacementFactor = 1 } = options;
  const call = { seed, signal, backend };
  const { normal, line, plane } = exampleMeasures();
  const cases: { name: string; measure: Measure; to: number }[] = [
    {
      name: 'N(m, Σ) in the plane',
      measure: normal,
      to: 0.2,
    },
    { name: 'mixture on the line', measure: line, to: 0.2 },
    { name: 'mixture in the plane', measure: plane, to: 0.1 },
  ];
  const depths = quick ? [1, 2, 4, 8] : [1, 2, 4, 8, 16];
  const sizes = quick ? [4, 256] : [4, 16, 64, 384];
  const deepest = depths[depths.length - 1];
  const checks: ClaimCheck[] = [];
  const panels: ClaimFigure['panels'][number][] = [];
  for (const { name, measure, to } of cases) {
    const flow = continuousDaeFlow(measure, { to });
    const field = scaled(backwardHeatField(measure), displacementFactor);
    const start = await measure.sample(quick ? 800 : 2000, { ...call, dtype: 'float32' });
    const series: FigureSeries[] = [];
    for (const width of sizes) {
      const points: [number, number][] = [];
      for (const depth of depths) {
        const { network } = await compileFlow(field, { ...call, depth, width, start, to, heldOut: 0 });
        const { rms } = await distanceFromFlow(network, flow, start, {
          signal,
          backend,
          tolerance: { relative: 1e-5 },
        });
        points.push([depth, rms[rms.length - 1]]);
      }
      series.push({ name: `${width} units`, points, style: 'both' });
    }
    const [narrow, wide] = [series[0].points, series[series.length - 1].points];
    checks.push(
      equal(
        `${name}: order in 1/depth of the widest residual network, to 8 layers`,
        -powerLaw(wide.slice(1, 4)).exponent,
        1,
        0.25,
      ),
      atMost(
        `${name}: error of ${sizes[sizes.length - 1]} units over that of ${sizes[0]}, ${deepest} layers`,
        wide[wide.length - 1][1] / narrow[wide.length - 1][1],
        name.startsWith('N(') ? 1.05 : 0.8,
      ),
    );
    panels.push({
      title: name,
      x: { title: 'layers', log: true },
      y: { title: 'distance from the flow', log: true },
      series,
    });
  }
  return {
    checks,
    figure: {
      title: 'The double continuum limit',
      caption:
        'Root mean squared distance between the forward pass of residual networks, built layer by layer from the velocity, ' +
        'and the true trajectories.',
      panels,
    },
  };
}
