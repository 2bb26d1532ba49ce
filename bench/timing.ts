import Benchmark from 'benchmark';
import { loadAddon } from '../ts/kernel/native/addon.js';
import type { DType } from '../ts/core/array.js';

/** Median seconds of an asynchronous call, by benchmark.js. */
export async function time(
  call: () => Promise<unknown>,
  { samples = 5, maxSeconds = 5 } = {},
): Promise<{ seconds: number; samples: number }> {
  await call(); // warm: page in, load lazily, let the processor reach its speed
  return new Promise((resolve, reject) => {
    new Benchmark({
      defer: true,
      minSamples: samples,
      maxTime: maxSeconds,
      initCount: 1,
      minTime: 0.01,
      fn: (deferred: { resolve(): void }) => {
        call().then(() => deferred.resolve(), reject);
      },
      onComplete(this: Benchmark) {
        if (this.error) reject(this.error);
        else resolve({ seconds: median(this.stats.sample), samples: this.stats.sample.length });
      },
    }).run({ async: true });
  });
}

/** Median of one run of a slow call, without benchmark.js's warm-up of many cycles. */
export async function timeOnce(
  call: () => Promise<unknown>,
  samples = 1,
): Promise<{ seconds: number; samples: number }> {
  const seconds: number[] = [];
  for (let i = 0; i < samples; i++) {
    const begin = performance.now();
    await call();
    seconds.push((performance.now() - begin) / 1000);
  }
  return { seconds: median(seconds), samples };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** FLOP/s of OpenBLAS's own matrix product right now. Measured beside each workload, since machines drift. */
export function gemmRate(dtype: DType, threads: number): number {
  return loadAddon().gemmRate({
    float64: dtype === 'float64',
    size: dtype === 'float64' ? 2048 : 2816,
    threads,
    repetitions: 3,
  });
}

/** Exponent p of seconds ∝ n^p, by least squares on logarithms. */
export function fitExponent(points: readonly { n: number; seconds: number }[]): number {
  const x = points.map(({ n }) => Math.log(n));
  const y = points.map(({ seconds }) => Math.log(seconds));
  const mx = x.reduce((a, b) => a + b, 0) / x.length;
  const my = y.reduce((a, b) => a + b, 0) / y.length;
  return (
    x.reduce((sum, xi, i) => sum + (xi - mx) * (y[i] - my), 0) /
    x.reduce((sum, xi) => sum + (xi - mx) ** 2, 0)
  );
}
