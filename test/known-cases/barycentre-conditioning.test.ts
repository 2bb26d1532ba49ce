import { gaussian } from '../../ts/measure/index.js';
import { gaussianBarycentre } from '../../ts/transport/index.js';
import { exactly } from '../native.js';

function rotated(angle: number, least: number) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const off = (1 - least) * c * s;
  return gaussian({
    mean: [0, 0],
    covariance: [
      [c * c + least * s * s, off],
      [off, s * s + least * c * c],
    ],
  });
}

exactly('Gaussians of large condition have a barycentre, found without a longer budget', async (t) => {
  for (const least of [1e-2, 1e-4, 1e-6, 1e-8]) {
    const parts = [0, 0.4, 1.1].map((angle) => rotated(angle, least));
    const found = await gaussianBarycentre(parts);
    const turned = await gaussianBarycentre([0.3, 0.7, 1.4].map((angle) => rotated(angle, least)));
    // The trace does not depend on how the plane is turned; rounding of the covariances counts by their condition.
    const [a, b] = [found, turned].map((one) => Array.from(one.componentCovariance(0)));
    t.true(
      Math.abs((a[0] + a[3]) / (b[0] + b[3]) - 1) < Math.max(1e-9, (10 * Number.EPSILON) / least),
      `${least}`,
    );
  }
});

exactly('covariances that are singular to rounding end at once, in an answer or an error', async (t) => {
  const flat = (most: number, least: number) =>
    gaussian({
      mean: [0, 0],
      covariance: [
        [most, 0],
        [0, least],
      ],
    });
  for (const least of [1e-200, 1e-310]) {
    const found = await gaussianBarycentre([flat(1, least), flat(4, least)]).then(
      (one) => Array.from(one.componentCovariance(0)),
      (error: { code: string; details: { iterations: number } }) => error,
    );
    if (Array.isArray(found)) t.true(Math.abs(found[0] - 2.25) < 1e-12);
    else t.true(found.code === 'NOT_CONVERGED' && found.details.iterations < 100, JSON.stringify(found));
  }
});
