// Handwritten digits by networks without training: the error on digits held out falls with the width.
import { errorByWidth, readCloud, zeros } from 'ridgeflow';
import { type ChartSpec, widthChart } from 'ridgeflow/report';
import { writePicture } from './picture.js';

const { points, labels } = await readCloud('data/digits.csv.gz', { labelColumn: -1 });
const values = zeros([points.shape[0], 10]);
labels!.values.forEach((digit, i) => (values.data[10 * i + digit] = 1));

const panels: ChartSpec[] = [];
for (const units of ['pairs', 'random'] as const) {
  const { rows, rate } = await errorByWidth(
    { points, values },
    { widths: [16, 32, 64, 128, 256, 512], units },
  );
  const last = rows[rows.length - 1].heldOut.relative;
  console.log(`${units}: error ${last.toFixed(3)} at width 512, falling as width^-${rate.toFixed(2)}`);
  const title = { pairs: 'units between pairs of digits', random: 'units in random directions' }[units];
  panels.push({ ...widthChart(rows, { width: 220, height: 220 }), title });
}
await writePicture({
  title: {
    text: 'Networks for handwritten digits, without training',
    anchor: 'start',
    fontSize: 15,
    offset: 12,
  },
  resolve: { scale: { y: 'shared' } },
  hconcat: panels,
} as ChartSpec);
