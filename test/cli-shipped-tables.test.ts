import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { emptyFolder } from './command-line.js';
import { followRemedies } from './follow-remedies.js';

// Small tables with the structure of those that scikit-learn, palmerpenguins and vega-datasets ship: the same first lines,
// delimiters, kinds of columns, and ways to leave a value out. The numbers are made here.

const N = 36;
const rows = (cell: (i: number) => (string | number | null)[]) =>
  Array.from({ length: N }, (_, i) => cell(i));
const wave = (i: number, k: number, scale = 1, digits = 2) =>
  Number((scale * (1 + 0.5 * Math.sin((i + 1) * (k + 1.37) * 1.91) + (i % 3) * 0.4)).toFixed(digits));
const numbers = (i: number, d: number, scale: (k: number) => number = () => 1, digits?: number) =>
  Array.from({ length: d }, (_, k) => wave(i, k, scale(k), digits));
const csv = (lines: (string | number | null)[][], delimiter = ',') =>
  `${lines.map((line) => line.map((cell) => cell ?? '').join(delimiter)).join('\n')}\n`;
const records = (names: string[], lines: (string | number | null)[][]) =>
  JSON.stringify(lines.map((line) => Object.fromEntries(names.map((name, k) => [name, line[k]]))));
const species = ['Adelie', 'Chinstrap', 'Gentoo'];
const missing = (i: number, every: number, value: string | number) => (i % every === 3 ? 'NA' : value);

const TABLES: Record<string, string | Buffer> = {
  'iris.csv': csv([[N, 4, 'setosa', 'versicolor', 'virginica'], ...rows((i) => [...numbers(i, 4), i % 3])]),
  'wine_data.csv': csv([
    [N, 13, 'class_0', 'class_1', 'class_2'],
    ...rows((i) => [...numbers(i, 13, (k) => 10 ** (k % 4)), i % 3]),
  ]),
  'breast_cancer.csv': csv([
    [N, 30, 'malignant', 'benign'],
    ...rows((i) => [...numbers(i, 30, (k) => 10 ** (k % 3)), i % 2]),
  ]),
  'diabetes_data_raw.csv.gz': gzipSync(
    csv(
      rows((i) => [20 + i, 1 + (i % 2), ...numbers(i, 8, () => 50)]),
      ' ',
    ),
  ),
  'diabetes_target.csv.gz': gzipSync(csv(rows((i) => [25 + ((i * 37) % 31)]))),
  'digits.csv.gz': gzipSync(csv(rows((i) => [...numbers(i, 64, () => 8, 0), i % 3]))),
  'linnerud_exercise.csv': csv(
    [['Chins', 'Situps', 'Jumps'], ...rows((i) => numbers(i % 30, 3, () => 60, 0))],
    ' ',
  ),
  'linnerud_physiological.csv': csv(
    [['Weight', 'Waist', 'Pulse'], ...rows((i) => numbers(i, 3, () => 90, 0))],
    ' ',
  ),
  'penguins.csv': csv([
    ['species', 'island', 'bill_length_mm', 'bill_depth_mm', 'body_mass_g', 'sex', 'year'],
    ...rows((i) => [species[i % 3], 'Biscoe', ...numbers(i, 2, () => 20).map((x) => missing(i, 17, x)), missing(i, 17, wave(i, 5, 3000, 0)), missing(i, 7, i % 2 ? 'male' : 'female'), 2007 + (i % 3)]), // prettier-ignore
  ]),
  'penguins-raw.csv': csv([
    [
      'studyName',
      'Sample Number',
      'Clutch Completion',
      'Culmen Length (mm)',
      'Delta 15 N (o/oo)',
      'Comments',
    ],
    ...rows((i) => [
      '"PAL, 0708"',
      i + 1,
      'Yes',
      missing(i, 15, wave(i, 1, 30)),
      missing(i, 9, wave(i, 2, 5, 5)),
      i % 8 === 0 ? '"Adult, not sampled."' : 'NA',
    ]),
  ]),
  'cars.json': records(
    ['Name', 'Miles_per_Gallon', 'Cylinders', 'Horsepower', 'Weight_in_lbs', 'Year', 'Origin'],
    rows((i) => [`car ${i}`, i % 12 === 5 ? null : wave(i, 1, 15), 4 + 2 * (i % 3), i % 18 === 7 ? null : wave(i, 2, 90, 0), wave(i, 3, 2500, 0), '1970-01-01', ['USA', 'Japan'][i % 2]]), // prettier-ignore
  ),
  'movies.json': records(
    ['Title', 'US Gross', 'US DVD Sales', 'Release Date', 'MPAA Rating', 'IMDB Rating'],
    rows((i) => [i === 4 ? 1776 : `film ${i}`, wave(i, 1, 1e6, 0), i % 3 === 0 ? 5e5 + i * i : null, 'Jun 12 1998', i % 2 ? 'R' : null, i % 10 ? wave(i, 3, 5, 1) : null]), // prettier-ignore
  ),
  'seattle-weather.csv': csv([
    ['date', 'precipitation', 'temp_max', 'temp_min', 'wind', 'weather'],
    ...rows((i) => [`2012-01-${1 + (i % 28)}`, ...numbers(i, 4, () => 10, 1), ['sun', 'rain'][i % 2]]),
  ]),
  'miserables.json': JSON.stringify({
    nodes: rows((i) => [i, i % 3]).map(([index, group]) => ({ name: `n ${index}`, index, group })),
    links: rows((i) => [i % 7, i % 5]).map(([source, target]) => ({ source, target })),
  }),
  'budget.json': records(
    ['Agency', '1962', '1963', '1964'],
    rows((i) => [`agency ${i % 7}`, ...[1, 2, 3].map((k) => (i % 4 ? `${wave(i, k, 1e6, 0)}`.replace(/\B(?=(\d{3})+$)/g, ',') : '0'))]), // prettier-ignore
  ),
  'us-10m.json': JSON.stringify({
    type: 'Topology',
    arcs: [[[1, 2]], [[3, 4], [5, 6]]], // prettier-ignore
    objects: { counties: { geometries: rows((i) => [i]).map(([id]) => ({ type: 'Polygon', id: Number(id) ** 2, arcs: [[id]] })) } }, // prettier-ignore
  }),
  'weekly-weather.json': records(
    ['day', 'actual.high', 'actual.low', 'forecast.high', 'normal.high'],
    rows((i) => [`day ${i}`, ...(i % 2 ? [wave(i, 1), wave(i, 2), null] : [null, null, wave(i, 3)]), wave(i, 4)]), // prettier-ignore
  ),
  'monarchs.json': records(
    ['name', 'start', 'end', 'commonwealth'],
    rows((i) => [`monarch ${i}`, 1500 + 11 * i, 1507 + 13 * i, i === 4 ? 1 : null]),
  ),
};

for (const command of ['transport', 'entropy'])
  test.serial(
    `${command} of every table ends well, or with a remedy that does when it is followed`,
    async (t) => {
      const folder = emptyFolder(t);
      for (const [name, content] of Object.entries(TABLES)) {
        const file = join(folder, name);
        writeFileSync(file, content);
        const options =
          command === 'transport' ? ['--depths', '1', '--out', join(folder, 'out')] : ['--no-kernel'];
        const { code, said, added } = await followRemedies([command, file, ...options]);
        t.is(code, 0, `${name} ${added.join(' ')}: ${said}`);
        if (['iris.csv', 'seattle-weather.csv'].includes(name)) t.deepEqual(added, [], `${name} at once`);
        if (name === 'penguins.csv') t.deepEqual(added, ['--drop-missing']);
      }
    },
  );
