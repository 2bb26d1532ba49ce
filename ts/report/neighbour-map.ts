import { type NdArray } from '../core/array.js';
import { type CallOptions, throwIfAborted } from '../core/options.js';
import { RandomStream } from '../core/random.js';
import { takeRows } from '../core/rows.js';
import { nearestNeighbours } from '../entropy/index.js';
import type { PrincipalPlane } from './cloud.js';
import { sampleRows } from './sampling.js';
import { inPlane } from './scatter.js';

/** Points of a cloud laid out in the plane by UMAP, which keeps neighbours together where no plane shows them. */
export interface NeighbourMap {
  /** Row numbers of the points shown. */
  rows: number[];
  /** Two coordinates for each of them, without a unit. */
  places: readonly (readonly [x: number, y: number])[];
  /** The same points of the cloud as it is in the end, where there is one, laid out from where they were. */
  after?: readonly (readonly [x: number, y: number])[];
}

/** What is laid out at most: a second or two. */
const MOST_POINTS = 1000;
/** Points among whose nearest the layout looks, each itself included; the default of UMAP. */
const NEIGHBOURS = 15;
const EPOCHS = 300;
/** How wide the layout is in the beginning, as that of UMAP itself. */
const EXTENT = 10;
/** A plane that shows so much of the variance needs no other picture beside it. */
const ENOUGH = 0.95;

/** The part of umap-js that is used. */
interface Umap {
  setPrecomputedKNN(indices: number[][], distances: number[][]): void;
  initializeFit(points: number[][]): number;
  getEmbedding(): number[][];
  step(): number;
}

type UmapModule = {
  UMAP: new (parameters: { nNeighbors: number; nEpochs: number; random: () => number }) => Umap;
};

/** Whether a plane leaves so much of a cloud unseen that its neighbourhoods are worth a picture of their own. */
export function needsNeighbourMap({ shape: [n, d] }: NdArray, { explained }: PrincipalPlane): boolean {
  return d > 2 && n > NEIGHBOURS + 1 && explained[0] + explained[1] < ENOUGH;
}

/**
 * Lays at most 1000 points out by UMAP (L. McInnes, J. Healy and J. Melville, arXiv:1802.03426) from their places in the
 * principal plane, with exact neighbours; the same seed gives the same places. Undefined where the plane shows 95% of the
 * variance, and where umap-js is not installed. `after` is the cloud in the end, of the same points. O(1000² d) time.
 */
export async function neighbourMap(
  points: NdArray,
  plane: PrincipalPlane,
  { after, ...options }: Pick<CallOptions, 'signal' | 'backend'> & { seed: number; after?: NdArray },
): Promise<NeighbourMap | undefined> {
  if (!needsNeighbourMap(points, plane)) return undefined;
  const umap = await umapModule();
  if (!umap) return undefined;
  const rows = sampleRows(points.shape[0], MOST_POINTS, options.seed);
  const flat = inPlane(points, plane, rows);
  const reach = Math.max(...flat.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)])) || 1;
  const begin = flat.map(({ x, y }): [number, number] => [(EXTENT * x) / reach, (EXTENT * y) / reach]);
  const places = await laidOut(umap, takeRows(points, rows), begin, options);
  return {
    rows,
    places,
    ...(after && { after: await laidOut(umap, takeRows(after, rows), places, options) }),
  };
}

async function laidOut(
  { UMAP }: UmapModule,
  points: NdArray,
  begin: readonly (readonly [number, number])[],
  { seed, ...call }: Pick<CallOptions, 'signal' | 'backend'> & { seed: number },
): Promise<[number, number][]> {
  const n = points.shape[0];
  const k = NEIGHBOURS - 1;
  const { indices, distances } = await nearestNeighbours(points, undefined, { ...call, k });
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, nEpochs: EPOCHS, random: uniforms(seed) });
  const row = (values: ArrayLike<number>, i: number) =>
    Array.from({ length: k }, (_, j) => values[i * k + j]);
  const each = Array.from({ length: n }, (_, i) => i);
  umap.setPrecomputedKNN(
    each.map((i) => [i, ...row(indices, i)]),
    each.map((i) => [0, ...row(distances.data, i)]),
  );
  // With neighbours given, of the points no more is asked than their number.
  umap.initializeFit(each.map(() => []));
  // umap-js begins at random, where what is far apart in the data stays wherever it was drawn.
  umap.getEmbedding().forEach((place, i) => ([place[0], place[1]] = begin[i]));
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    umap.step();
    if (epoch % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(call.signal);
  }
  return umap.getEmbedding().map(([x, y]): [number, number] => [x, y]);
}

/** Uniform numbers one by one, drawn by the thousand: UMAP asks for millions. */
function uniforms(seed: number): () => number {
  const stream = new RandomStream(seed, 'probe');
  const drawn = new Float64Array(4096);
  let first = -drawn.length;
  let next = drawn.length;
  return () => {
    if (next === drawn.length) {
      stream.fillUniform(drawn, (first += drawn.length));
      next = 0;
    }
    return drawn[next++];
  };
}

/** The name is no literal to the compiler, which must not ask for an optional package. */
const UMAP_JS: string = 'umap-js';

async function umapModule(): Promise<UmapModule | undefined> {
  try {
    const module = (await import(UMAP_JS)) as UmapModule & { default?: UmapModule };
    return module.UMAP ? module : module.default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What stands beside a picture of the principal plane about neighbourhoods: what they show, or why there is no such picture. */
export function neighbourMapSentence(
  isNeeded: boolean,
  map: Pick<NeighbourMap, 'rows' | 'after'> | undefined,
  n: number,
): string | undefined {
  if (!isNeeded) return undefined;
  if (!map)
    return 'With `npm install umap-js` the report shows the neighbourhoods that the plane does not (UMAP).';
  const which =
    map.rows.length < n
      ? `${map.rows.length.toLocaleString('en-US')} points, chosen at random,`
      : 'The points';
  const end = map.after ? ' The picture of the end goes on from that of the start.' : '';
  return `${which} laid out by UMAP from their places in the principal plane: neighbours stay together, and the distances between groups mean little.${end}`;
}
