// Charts of ridgelet networks hold every row that they are given to a rule.
import test from 'ava';
import { agreementChart, fitChart, widthChart } from '../ts/report/index.js';

const error = { relative: 0.5 };

test('rows of charts are looked at one by one', (t) => {
  const wrong: readonly (() => unknown)[] = [
    () => agreementChart([[1, 2], [3]] as never),
    () => agreementChart([{ truth: 1, output: 2 }, { truth: 1 }] as never),
    () => fitChart([{ x: 1 }] as never, [], { names: { x: 'x', y: 'y' } }),
    () => fitChart([], [null] as never, { names: { x: 'x', y: 'y' } }),
    () => widthChart([{ width: 2, training: error }] as never),
    () => widthChart([{ width: 2, training: error, heldOut: {} }] as never),
    () => widthChart([[1, 2]] as never),
  ];
  for (const call of wrong) t.throws(call, { code: 'INVALID_ARGUMENT' }, String(call));
  t.truthy(agreementChart([{ truth: 1, output: 2 }]));
  t.truthy(agreementChart([]), 'nothing to show is no error');
  t.truthy(widthChart([{ width: 2, training: error, heldOut: error }]));
});
