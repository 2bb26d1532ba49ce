import test from 'ava';
import { RidgeflowError } from '../ts/core/errors.js';
import { FAR, caseOf, exhaustiveCases, wholeFiles } from './fuzz/case.js';
import { computing, recordCalls } from './fuzz/call-templates.js';
import { hostileCall } from './fuzz/calls.js';
import { keptFindings } from './fuzz/findings.js';
import { bytesPart, jsonPart, plain } from './fuzz/mutate.js';
import { outcomeOf } from './fuzz/outcome.js';
import { targets } from './fuzz/targets.js';
import { exactly } from './native.js';

// A short form of `npm run fuzz`: every finding that is kept, some mutations for each reader, and the harness itself.

const CASES = 40;

for (const { name, folder, files } of keptFindings()) {
  test(`what was found once: ${folder}`, async (t) => {
    const { read, sheltered } = targets[name];
    const outcome = await outcomeOf({ seeds: async () => [], read: sheltered ?? read }, files);
    t.true('code' in outcome, JSON.stringify(outcome));
  });
}

for (const [name, target] of Object.entries(targets)) {
  // Decoders that may end their process are tried in io-fuzz.test.ts.
  if (target.sheltered) continue;
  test(`${name}: whole files are read, mutated ones read or refused`, async (t) => {
    const seeds = await target.seeds();
    for (const seed of seeds) t.deepEqual(await outcomeOf(target, wholeFiles(seed)), { code: 'read' });
    const codes = new Set<string>();
    for (let number = FAR; number < FAR + CASES; number++) {
      const outcome = await outcomeOf(target, caseOf(seeds, number));
      if ('finding' in outcome) t.fail(`case ${number}: ${outcome.finding}`);
      else codes.add(outcome.code);
    }
    t.true(codes.size > 1, [...codes].join());
  });
}

exactly('hostile calls of every function of the addon: an answer or an error', async (t) => {
  const recorded = (await recordCalls()).map(({ name }) => name);
  t.deepEqual(recorded.sort(), computing().sort());
  const codes = new Set<string>();
  for (let number = 0; number < 10 * CASES; number++) {
    const outcome = await hostileCall(number);
    if ('finding' in outcome) t.fail(`call ${number}: ${outcome.finding}`);
    else codes.add(outcome.code);
  }
  t.true(codes.has('computed') && codes.has('TypeError'), [...codes].join());
});

const seeds = [{ 'a.json': plain(jsonPart('{"a":[1,2]}')), 'a.bin': plain(bytesPart(Buffer.from('abc'))) }];

test('every bit of a small file is turned once, then mutations follow, the same for the same number', (t) => {
  const count = exhaustiveCases(seeds);
  t.is(count, 8 * (11 + 3));
  const whole = Buffer.concat(Object.values(wholeFiles(seeds[0])));
  const bits = new Set<number>();
  for (let number = 0; number < count; number++) {
    const bytes = Buffer.concat(Object.values(caseOf(seeds, number)));
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== whole[i]);
    t.is(changed.length, 1);
    const [at] = changed;
    const bit = Math.log2(bytes[at] ^ whole[at]);
    t.true(Number.isInteger(bit));
    bits.add(8 * at + bit);
  }
  t.is(bits.size, count);
  const texts = new Set<string>();
  for (let number = count; number < count + 50; number++) {
    t.deepEqual(caseOf(seeds, number), caseOf(seeds, number));
    texts.add(Buffer.concat(Object.values(caseOf(seeds, number))).toString('latin1'));
  }
  t.true(texts.size > 25, String(texts.size));
});

test('what is no error of the library is a finding', async (t) => {
  const files = { 'a.bin': Buffer.from('abc') };
  const outcome = (read: (path: string) => Promise<unknown>) =>
    outcomeOf({ seeds: async () => seeds, read }, files);
  t.deepEqual(await outcome(async () => 1), { code: 'read' });
  t.deepEqual(
    await outcome(async () => {
      throw new RidgeflowError('FILE_FORMAT', 'damaged');
    }),
    { code: 'FILE_FORMAT' },
  );
  const raw = await outcome(async (path) => {
    throw new TypeError(`broken ${path}`);
  });
  t.regex('finding' in raw ? raw.finding : '', /^threw TypeError: broken \/a\.bin \(fuzz\.test\.ts:\d+\)$/);
  const left = await outcome(async (path) => {
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${path}.tmp`, '');
  });
  t.deepEqual(left, { finding: 'left a file behind' });
});
