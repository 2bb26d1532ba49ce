import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';

/**
 * What stands in reports as it is, whatever the data: it says what is drawn or how a number is defined, and nothing of what
 * the numbers are. A sentence that data could make false is no such text: it is made by a function of the numbers, in
 * *-findings.ts or section-sentences.ts, with tests of every direction.
 */
const DEFINITIONS: readonly string[] = [
  'A click on a title sorts by it.',
  'All estimates',
  'Choose a layer here, or click a point of any chart over the layers.',
  'Debiased linear alignment (CKA) over batches of the examples: 1 where two layers agree up to rotation, shift and scale.',
  'Displacement g(x) − x of trained autoencoders of a mixture on the line, over the dashed exact one.',
  'Distance from the points without noise',
  'Distances between classes',
  'Distances between the centres of the classes',
  'Entropy of the moved cloud, estimated from nearest neighbours, over the dashed H(0) − ∫ I dt with the Fisher information taken along the way.',
  'Errors of the network',
  'Histogram of the points after time t, over the dashed solution of the backward heat equation.',
  'Measured against predicted',
  'Measurements of every class',
  'Measurements of every depth',
  'Measurements of every layer',
  'Measurements of every stream',
  'Networks made of the first units of the same draw.',
  'Networks of other depths in place of the blocks',
  'Play, or drag through the layers.',
  'Points of a mixture on the line through the widest networks, over the dashed paths of the exact composition.',
  'Points of a mixture on the line: where the layers bring them, over the dashed paths of the flow.',
  'Points that were held out had no part in building the network.',
  'Relative error by width',
  'Root mean squared difference between the trained and the exact map at fresh corrupted points, relative to how far the exact map moves them.',
  'Root mean squared distance between the forward pass of residual networks, built layer by layer from the velocity, and the true trajectories.',
  'Root mean squared distance between where n layers and where the continuous flow bring the same points; the dashed line falls as 1/n.',
  'Root mean squared distance between where the trained layers and where the exact composed autoencoder bring the same points, relative to how far they are moved: the decoded stack, and the trained composition.',
  'Separability of the classes after so many layers, at equal total noise; the dashed line is that of the data.',
  'Size of the spectrum of the velocity by slope and bias, with the units of a network that gradient descent trained: the larger, the larger their output weight.',
  'Standard errors say how much other samples of the same size would differ, and nothing of the bias.',
  'The claim holds where every number is where it should be, within its tolerance.',
  'The cloud whose entropy it is, seen along its directions of largest variance.',
  'The same command, data, seed and version give the same numbers; times differ.',
  'The same for every pair of classes.',
  'The velocity of a mixture on the line, and what its spectrum on ever larger grids of (a, b) gives back.',
  'Units drawn from |R[v]|, output weights by ridge regression; the dashed line is the rate of Monte Carlo.',
  'Wasserstein distance between the measure that n layers make and the one that the continuous DAE makes at the same total noise T: exact for the Gaussian and on the line, sliced elsewhere. T is given as a share of the noise at which the measure collapses.',
  'examples whose largest output stays the same',
  'in how many directions the cloud extends, from afar (ranks) and close up (intrinsic)',
  'in nats: mean log|det J| along the examples, and the change of the nearest-neighbour entropy',
  'of differences of examples, 5th and 95th of a hundred',
  'of the nearest other point, and of a linear probe on unseen points',
  'per block so far, of the first and last direction followed',
  'share of the displacement that is a gradient (½ by chance), and W₂² over the squared distance moved',
];

/** Where sentences stand that functions of numbers choose from. */
const CHOSEN = /(^section-sentences|^sentences|findings)\.ts$/;
const PLACES = ['lead', 'caption', 'sentence', 'subtitle'];

/** The text of a literal, or of literals added up; undefined for what depends on anything. */
function fixedText(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isBinaryExpression(node)) return undefined;
  const [left, right] = [fixedText(node.left), fixedText(node.right)];
  return left !== undefined && right !== undefined ? left + right : undefined;
}

function fixedSentences(folder: string): string[] {
  const path = fileURLToPath(new URL(`../ts/${folder}/`, import.meta.url));
  return readdirSync(path)
    .filter((name) => name.endsWith('.ts') && !CHOSEN.test(name))
    .flatMap((name) => {
      const found: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isPropertyAssignment(node) && PLACES.includes(node.name.getText())) {
          const text = fixedText(node.initializer);
          if (text) found.push(text);
        }
        ts.forEachChild(node, visit);
      };
      visit(ts.createSourceFile(name, readFileSync(path + name, 'utf8'), ts.ScriptTarget.Latest, true));
      return found;
    });
}

test('text of reports that is the same for all data is a definition, reviewed as one', (t) => {
  const found = new Set(['report', 'theory'].flatMap(fixedSentences));
  t.deepEqual(
    [...found].filter((text) => !DEFINITIONS.includes(text)),
    [],
    'make it of the numbers, or, where no data can make it false, add it to the definitions',
  );
  t.deepEqual(
    DEFINITIONS.filter((text) => !found.has(text)),
    [],
    'no longer in any report',
  );
});
