import test from 'ava';
import { separate } from '../ts/report/client/cloud.js';

/** 10 pixels to a unit, labels as large as on a desk. */
const picture = { unit: 0.1, font: 15, limit: 111 };

test('labels on top of each other are moved apart, up and down; others stay', (t) => {
  const labels = [
    { label: 'one', x: 0, y: 0, hidden: false },
    { label: 'two', x: 0.1, y: 0.05, hidden: false },
    { label: 'three', x: 0, y: 0.01, hidden: false },
    { label: 'far', x: 50, y: 0, hidden: false },
    { label: 'high', x: 0, y: 9, hidden: true },
  ];
  separate(labels, { ...picture, x: [-99, 99], y: [-99, 99] });
  const [one, two, three, far, high] = labels;
  t.deepEqual([one.y, far.y, high.y], [0, 0, 9]);
  const heights = [one, two, three].map(({ y }) => y).sort((a, b) => a - b);
  heights.slice(1).forEach((y, i) => t.true(y - heights[i] >= 1.725 - 1e-9, heights.join(' ')));
  t.deepEqual(
    labels.map(({ x }) => x),
    [0, 0.1, 0, 50, 0],
  );
  t.false(labels.some(({ hidden }) => hidden));
});

test('labels stay in the picture, and those without a place in it are hidden', (t) => {
  const label = (y: number, text = 'a name') => ({ label: text, x: 9.9, y, hidden: false });
  const labels = [label(0.1), label(0.2), label(0.3), label(0.4)];
  separate(labels, { ...picture, x: [0, 10], y: [0, 6] });
  t.deepEqual(
    labels.map(({ hidden }) => hidden),
    [false, false, false, true],
    'three lines of 1.725 fit into 6',
  );
  for (const { x, y, hidden } of labels) {
    t.true(x + 0.1 * (0.6 * 15 * 6) * 0.5 <= 10 + 1e-9, String(x));
    t.true(hidden || (y >= 1.725 / 2 - 1e-9 && y <= 6 - 1.725 / 2 + 1e-9), String(y));
  }
  const long = [label(3, 'x'.repeat(400))];
  separate(long, { ...picture, x: [-20, 20], y: [0, 6] });
  t.is(long[0].x, 9.9, 'a long label is cut, and takes no more than its limit');
});
