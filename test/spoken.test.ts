import test from 'ava';
import { speakToCommandLine, spoken, spokenOption } from '../ts/core/spoken.js';

const all = () => [
  spokenOption('dropColumns'),
  spokenOption('labelColumn', 'a b'),
  spokenOption('labelColumn', "d'accord"),
  spokenOption('labelColumn', -1),
  spokenOption('labelColumn', false),
  spokenOption('header', false),
  spokenOption('dropMissing', true),
  spokenOption('dropColumns', ['a']),
  spokenOption('dropColumns', ['a', 'b']),
  spokenOption('dropColumns', ['a', 'b, c', 2]),
  spoken('in a program', 'at the command line'),
];

test.serial('options are named as who reads the message gives them', async (t) => {
  const inProgram = [
    'dropColumns',
    'labelColumn: "a b"',
    'labelColumn: "d\'accord"',
    'labelColumn: -1',
    'labelColumn: false',
    'header: false',
    'dropMissing: true',
    'dropColumns: "a"',
    'dropColumns: ["a", "b"]',
    'dropColumns: ["a", "b, c", 2]',
    'in a program',
  ];
  t.deepEqual(all(), inProgram);
  t.deepEqual(await speakToCommandLine(() => Promise.resolve(all())), [
    '--drop-columns',
    "--label-column 'a b'",
    "--label-column 'd'\\''accord'",
    '--label-column -1',
    '--label-column none',
    '--no-header',
    '--drop-missing',
    '--drop-columns a',
    "--drop-columns 'a,b'",
    "--drop-columns a --drop-columns 'b, c' --drop-columns 2",
    'at the command line',
  ]);
  await t.throwsAsync(speakToCommandLine(() => Promise.reject(new Error('ends'))));
  t.deepEqual(all(), inProgram);
});
