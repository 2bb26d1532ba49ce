import type { NdArray } from '../core/array.js';
import { daeMap } from '../dae/dae-map.js';
import { jkoFlow } from '../flow/jko/index.js';
import { type ClaimCheck, type ClaimFigure, type ClaimOptions, equal } from './claim.js';
import { densityOnGrid } from './densities.js';
import { exampleMeasures } from './examples.js';
import { displaced, evenly, powerLaw, rootMeanSquareDistance } from './numerics.js';
import { leftOverSentence } from './sentences.js';

/**
 * A JKO step of ∫ρ log ρ from ν makes the ρ for which x + h ∇log ρ(x), a step of the DAE, leads back to ν. So the DAE of
 * the heated measure must undo the step, up to an error that is of second order where the displacement is of first.
 */
export async function jkoStep(options: ClaimOptions): Promise<{ checks: ClaimCheck[]; figure: ClaimFigure }> {
  const { signal, backend, displacementFactor = 1 } = options;
  const { line } = exampleMeasures();
  const start = await quantiles(options.quick ? 400 : 2000, options);
  const shares: [number, number][] = [];
  for (const h of [0.02, 0.04, 0.08, 0.16]) {
    const { end } = await jkoFlow({ entropy: 1 }, start, { step: h, steps: 1, signal, backend });
    const made: NdArray = { data: Float32Array.from(end.positions.data), shape: start.shape };
    const undone = await daeMap(line.heat(h), { noise: h }).apply(made, { signal, backend });
    const back = displaced(made, undone, displacementFactor);
    shares.push([h, rootMeanSquareDistance(back, start) / rootMeanSquareDistance(made, start)]);
  }
  return {
    checks: [
      equal(
        'what the DAE leaves of a JKO step of the heat flow: order in the step',
        powerLaw(shares).exponent,
        1,
        0.35,
      ),
      equal('what the DAE leaves of a JKO step of length 0.02', shares[0][1], 0, 0.1),
    ],
    figure: {
      title: 'A JKO step undone',
      caption:
        'The heat flow is steepest ascent of entropy: a step of the JKO scheme for it, and then a denoising autoencoder of the ' +
        `same noise. ${leftOverSentence(shares)}`,
      panels: [
        {
          title: 'What is left',
          x: { title: 'step h', log: true },
          y: { title: 'share of the displacement', log: true },
          series: [
            { name: 'left over', points: shares, style: 'both' },
            {
              name: 'first order',
              points: [0.02, 0.16].map((h) => [h, (shares[0][1] * h) / 0.02]),
              style: 'dashed',
            },
          ],
        },
      ],
    },
  };
}

/** n points of the mixture on the line at evenly spaced quantiles, ascending. */
async function quantiles(n: number, { signal, backend }: ClaimOptions): Promise<NdArray> {
  const grid = evenly(-5, 7, 12_001);
  const density = await densityOnGrid(exampleMeasures().line, grid, { signal, backend });
  const step = grid[1] - grid[0];
  const data = new Float64Array(n);
  let below = 0;
  for (let i = 0, cell = 0; i < n; i++) {
    const level = (i + 0.5) / n;
    let mass = (step * (density[cell] + density[cell + 1])) / 2;
    while (below + mass < level) {
      below += mass;
      cell++;
      mass = (step * (density[cell] + density[cell + 1])) / 2;
    }
    data[i] = grid[cell] + (step * (level - below)) / mass;
  }
  return { data, shape: [n, 1] };
}
