import test from 'ava';
import { separate } from '../ts/report/client/cloud.js';

test('labels on top of each other are moved apart, up and down; others stay', (t) => {
  const labels = [
    { label: 'one', x: 0, y: 0 },
    { label: 'two', x: 0.1, y: 0.05 },
    { label: 'three', x: 0, y: 0.01 },
    { label: 'far', x: 50, y: 0 },
    { label: 'high', x: 0, y: 9 },
  ];
  separate(labels, 0.1);
  const [one, two, three, far, high] = labels;
  t.deepEqual([one.y, far.y, high.y], [0, 0, 9]);
  const heights = [one, two, three].map(({ y }) => y).sort((a, b) => a - b);
  heights.slice(1).forEach((y, i) => t.true(y - heights[i] >= 1.7 - 1e-9, heights.join(' ')));
  t.deepEqual(
    labels.map(({ x }) => x),
    [0, 0.1, 0, 50, 0],
  );
});
