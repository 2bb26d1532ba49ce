import type { NdArray } from '../ts/core/array.js';
import type { Depth, DepthComparison } from '../ts/dae/depth-comparison.js';
import type { TransportPageData, TransportReportContext } from '../ts/report/transport.js';

/**
 * A comparison made up for the tests of the report: points in clusters that shrink towards their centres, the more the
 * deeper, with numbers that follow simple rules. Not a computation of the library.
 */
export function syntheticReport({
  n = 300,
  d = 64,
  classes = 3,
  depths = [1, 4, 'continuous'] as readonly Depth[],
} = {}): { comparison: DepthComparison; context: TransportReportContext } {
  const clusters = Math.max(1, classes);
  const values = Int32Array.from({ length: n }, (_, i) => i % clusters);
  const centre = (c: number, j: number) => 8 + 8 * Math.sin(1 + 3 * c + 1.7 * j);
  const start = Float32Array.from({ length: n * d }, (_, k) => {
    const [i, j] = [Math.floor(k / d), k % d];
    return centre(values[i], j) + 2 * Math.sin(12.9898 * k + 78.233 * i);
  });
  const moved = (fraction: number): NdArray => ({
    data: start.map((x, k) => x + fraction * (centre(values[Math.floor(k / d)], k % d) - x)),
    shape: [n, d],
  });
  const runs = depths.map((depth, index) => {
    const layers = depth === 'continuous' ? 12 : depth;
    const times = Array.from({ length: layers + 1 }, (_, i) => (2 * i) / layers);
    const strength = 0.5 + (0.4 * index) / depths.length;
    const positions = times.map((t) => moved(strength * (depth === 1 ? t / 2 : (t / 2) ** 2)));
    return {
      depth,
      entropy: 40 - 8 * index,
      accuracy: classes > 0 ? 0.9 + 0.03 * index : null,
      displacement: 3 + index,
      w2: 3.5 + index,
      w2Method: index === 0 ? ('exact' as const) : ('sliced' as const),
      slicedW2: 0.5 + index / 10,
      action: 1 + index,
      straightness: 1 - index / 10,
      finalSmoothing: 0.5 / (1 + index),
      evaluations: depth === 'continuous' ? 43 : depth,
      seconds: 0.02 * (1 + index),
      positions: positions[positions.length - 1],
      snapshots: { times, positions },
    };
  });
  const names = Array.from({ length: clusters }, (_, c) => `class ${c}`);
  const side = Math.round(Math.sqrt(d));
  return {
    comparison: {
      n,
      d,
      T: 2,
      smoothing: 5,
      chosen: { T: 'given', smoothing: 'default' },
      backend: 'native',
      dtype: 'float32',
      contraction: 'spread',
      seed: 7,
      start: { entropy: 55.5, accuracy: classes > 0 ? 0.88 : null },
      runs,
    },
    context: {
      input: 'some/folder/points.csv',
      points: { data: start, shape: [n, d] },
      principal: {
        mean: new Float64Array(d).fill(8),
        axes: Float64Array.from({ length: Math.min(2, d) * d }, (_, k) =>
          Number(k % d === Math.floor(k / d)),
        ),
        explained: [0.4, 0.2],
      },
      ...(classes > 0 ? { labels: { values, names } } : {}),
      ...(side * side === d && d > 1 ? { imageShape: [side, side] as const } : {}),
      command: 'ridgeflow transport some/folder/points.csv --seed 7',
      versions: { ridgeflow: '0.1.0', Node: 'v20.19.0' },
    },
  };
}

/** What a report hands to its script. */
export function pageData(page: string): { charts: Record<string, unknown>; data: TransportPageData } {
  const json = /<script id="page-data" type="application\/json">([^]*?)<\/script>/.exec(page)?.[1];
  return JSON.parse(json ?? 'null') as { charts: Record<string, unknown>; data: TransportPageData };
}
