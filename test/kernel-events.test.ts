import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test from 'ava';
import * as rf from '../ts/index.js';
import type { KernelEvent } from '../ts/kernel/observed.js';
import { backendNames } from './native.js';

const NAMES = ['start', 'end', 'error'];

/** The events of all kernels while `work` runs. */
async function eventsOf(work: () => Promise<unknown>): Promise<[string, KernelEvent][]> {
  const events: [string, KernelEvent][] = [];
  const listeners = NAMES.map(
    (name) =>
      [`ridgeflow:kernel:${name}`, (event: unknown) => events.push([name, event as KernelEvent])] as const,
  );
  for (const [name, listener] of listeners) subscribe(name, listener);
  try {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  }
  return events;
}

const queries = rf.zeros([30, 2]);
const centres = rf.zeros([40, 2]);

for (const backend of backendNames) {
  test.serial(
    `${backend}: who listens is told of the start and the end of every kernel, with its sizes`,
    async (t) => {
      const events = await eventsOf(() => rf.score(queries, centres, { variance: 1, backend }));
      const own = events.filter(([, { kernel }]) => kernel === 'score');
      t.deepEqual(
        own.map(([name]) => name),
        ['start', 'end'],
      );
      const [[, start], [, end]] = own;
      t.is(start.id, end.id);
      t.is(start.backend, backend);
      t.deepEqual(start.sizes.queries, [30, 2]);
      t.deepEqual(start.sizes.centres, [40, 2]);
      t.is(start.milliseconds, undefined);
      t.true(end.milliseconds! >= 0);
      t.is(
        events.filter(([name]) => name === 'start').length,
        events.filter(([name]) => name === 'end').length,
      );
    },
  );

  test.serial(`${backend}: who listens is told of an abort`, async (t) => {
    const controller = new AbortController();
    const many = rf.twoMoons(20_000).points;
    const events = await eventsOf(async () => {
      const call = rf.score(many, many, { variance: 1, backend, signal: controller.signal });
      setTimeout(() => controller.abort(), 5);
      await t.throwsAsync(call, { code: 'ABORTED' });
    });
    const [last] = events.slice(-1);
    t.is(last[0], 'error');
    t.is((last[1].error as rf.RidgeflowError).code, 'ABORTED');
  });
}

test.serial('results are the same whoever listens', async (t) => {
  const plain = await rf.score(queries, centres, { variance: 1 });
  const events = await eventsOf(async () => {
    t.deepEqual(await rf.score(queries, centres, { variance: 1 }), plain);
  });
  t.true(events.length > 0);
});
