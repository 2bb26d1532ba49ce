// The transport maps of a Gaussian of the plane by a shallow autoencoder, by compositions and in the continuous limit, all
// removing noise of the same variance T, as Sonoda and Murata's paper draws them: computed from points alone, beside the
// closed forms.
import { composedDae, continuousDae, daeMap, gaussian, ndarray, smoothed } from 'ridgeflow';
import { distanceOf, evenly, writePicture } from './picture.js';
import { displacements } from './picture-maps.js';

const T = 0.4;
const [long, short] = [2, 1]; // variances along the axes of the ellipse, which lie turned by 30°
const [cosine, sine] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
const law = (smoothing: number) => {
  const across = cosine * sine * (long - short);
  const first = cosine ** 2 * long + sine ** 2 * short - smoothing;
  const second = sine ** 2 * long + cosine ** 2 * short - smoothing;
  return gaussian({
    mean: [0, 0],
    covariance: [
      [first, across],
      [across, second],
    ],
  });
};
// Points whose law, smoothed, is the Gaussian: nothing of what is computed from them knows that it is one.
const cloud = async (smoothing: number) =>
  smoothed({ points: await law(smoothing).sample(60000, { seed: 1 }), variance: smoothing });
const smooth = await cloud(0.85); // the continuous limit of a smoothed cloud ends at half its smoothing
const fine = await cloud(0.2); // compositions estimate each layer anew from the moved points

/** Points around the ellipse of so many standard deviations. */
const ellipse = (deviations: number, count: number) =>
  ndarray(
    evenly(0, 2 * Math.PI, count + 1).map((t) => {
      const [u, v] = [Math.sqrt(long) * Math.cos(t), Math.sqrt(short) * Math.sin(t)];
      return [deviations * (cosine * u - sine * v), deviations * (sine * u + cosine * v)];
    }),
  );

const composed = async (layers: number) => [
  await composedDae(fine, { layers, T }),
  await composedDae(law(0), { layers, T }),
];
const panels = [];
for (const [panel, [computed, exact]] of [
  ['shallow', [daeMap(smooth, { noise: T }), daeMap(law(0), { noise: T })]],
  ['2 layers', await composed(2)],
  ['8 layers', await composed(8)],
  ['continuous', [continuousDae(smooth, { to: T }), continuousDae(law(0), { to: T })]],
] as const) {
  const outlines = [1, 2].map((deviations) => ellipse(deviations, 72));
  const images = [];
  for (const outline of outlines) images.push(await exact.apply(outline));
  const arrows = [];
  for (const [deviations, count] of [
    [1, 12],
    [2, 24],
  ]) {
    const from = ellipse(deviations, count);
    const to = await computed.apply(from);
    arrows.push({ from, to });
    const error = distanceOf(to, await exact.apply(from));
    console.log(`${panel}, at ${deviations}σ: ${error.toFixed(3)} from the closed form`);
  }
  panels.push({ panel, outlines, images, arrows });
}
await writePicture(
  displacements(panels, { title: 'A Gaussian of the plane through autoencoders of equal noise', half: 2.8 }),
);
