#!/usr/bin/env node
// `npm run sanitize -- address,undefined|thread [--target avx2]`: the native code built with GCC's sanitizers, on every
// instruction set of the processor or on one. It runs the native tests, and under Node.js the conformance suite, calls at
// once and workers that come and go. The last line says what was found.
import { parseArgs } from 'node:util';
import { errorLines, runMain } from './lib/run.mjs';
import { buildSanitized, checksOf, instructionSets, sanitizerOf } from './lib/sanitizers.mjs';

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { target: { type: 'string' } },
  });
  const sanitizer = sanitizerOf(positionals[0] ?? '', values.target);
  if (sanitizer === undefined || positionals.length !== 1) {
    console.error('Expected npm run sanitize -- address,undefined|thread [--target avx2]');
    return 2;
  }
  if (sanitizer.library === undefined) {
    console.error(
      `Expected ${sanitizer.kind.libraryName} beside g++ on Linux: install GCC (apt install g++)`,
    );
    return 2;
  }
  console.log(`Building with -fsanitize=${sanitizer.name} in ${sanitizer.folder} …`);
  if (!(await buildSanitized(sanitizer))) {
    console.error([`The build failed (log: ${sanitizer.log})`, ...errorLines(sanitizer.log)].join('\n'));
    return 1;
  }
  const targets = instructionSets(sanitizer);
  if (targets.length === 0) {
    console.error('Expected an instruction set of this processor, as avx2 is one, for --target');
    return 2;
  }
  let failed = 0;
  for (const target of targets) {
    for (const check of checksOf(sanitizer, target)) {
      console.log(`\n${target}: ${check.name}`);
      const { ended, reports } = check.run();
      if (ended && reports.length === 0) continue;
      failed++;
      console.error(reports.join('\n'));
      console.error(
        `${target}: ${check.name}: ${ended ? 'ended well' : 'failed'}, ${reports.length} reports`,
      );
    }
  }
  console.log(
    `\n${sanitizer.name} on ${targets.join(', ')}: ${failed === 0 ? 'clean' : `${failed} runs not clean`}`,
  );
  return failed === 0 ? 0 : 1;
});
