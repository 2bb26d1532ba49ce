// A network for a sine without training: units drawn from the ridgelet spectrum, and what they add up to.
import { compareWithSpectrum, fitNetwork, ndarray, spectrumSlice, trainNetwork } from 'ridgeflow';
import { type ChartSpec, spectrumChart } from 'ridgeflow/report';
import { writePicture } from './picture.js';

const x = Array.from({ length: 400 }, (_, i) => (2 * i + 1) / 400 - 1);
const data = {
  points: ndarray(x, [400, 1]),
  values: ndarray(
    x.map((value) => Math.sin(2 * Math.PI * value)),
    [400, 1],
  ),
};

const drawn = await fitNetwork(data, { width: 100, units: 'oracle', ridge: 1e-6 });
const trained = await trainNetwork(data, { width: 100 });
console.log(
  `held-out error: drawn ${drawn.heldOut!.rms.toExponential(1)}, trained ${trained.heldOut!.rms.toExponential(1)}`,
);

const panels: ChartSpec[] = [];
for (const [title, { network }] of Object.entries({ 'drawn from the spectrum': drawn, trained })) {
  const slice = await spectrumSlice(network, data, { reach: 5, size: 48 });
  const size = slice.slopes.length;
  const positions = {
    a: ndarray(
      Array.from({ length: size * size }, (_, i) => slice.slopes[Math.floor(i / size)]),
      [size * size, 1],
    ),
    b: ndarray(Array.from({ length: size * size }, (_, i) => slice.biases[i % size])),
  };
  const { correlation } = await compareWithSpectrum(network, data, { positions });
  console.log(`${title}: correlation of the units with the spectrum ${correlation.toFixed(2)}`);
  panels.push({ ...spectrumChart(slice, { width: 220, height: 220 }), title });
}
await writePicture({
  title: {
    text: 'Units of two networks on the ridgelet spectrum of a sine',
    anchor: 'start',
    fontSize: 15,
    offset: 12,
  },
  hconcat: panels,
} as ChartSpec);
