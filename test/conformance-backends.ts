import type { DType, FloatData } from '../ts/core/array.js';
import type { Kernels } from '../ts/kernel/contract.js';
import { availableBackends } from '../ts/kernel/backend.js';

/** Every backend that loads on this machine. */
export const backends: readonly Kernels[] = await availableBackends();

/** Every backend with every element type it computes in, and the relative error that is allowed there. */
export const combinations: readonly { kernels: Kernels; dtype: DType; tolerance: number; title: string }[] =
  backends.flatMap((kernels) =>
    kernels.dtypes.map((dtype) => ({
      kernels,
      dtype,
      tolerance: dtype === 'float64' ? 1e-10 : 1e-4,
      title: `${kernels.name} ${dtype}`,
    })),
  );

/** A few roundings of a result of this size. */
export function rounding(dtype: DType, size: number): number {
  return 4 * (dtype === 'float64' ? 2 ** -53 : 2 ** -24) * Math.abs(size);
}

/** Differences found between a backend's results and the expected ones. Empty if it conforms. */
export class Differences {
  readonly found: string[] = [];

  /** Compares values one by one; `allowed` gives the error allowed at each. */
  compare(
    where: string,
    actual: FloatData | undefined,
    expected: ArrayLike<number>,
    allowed: (index: number) => number,
  ): void {
    if (actual?.length !== expected.length) {
      this.found.push(
        `${where}: expected ${expected.length} values but received ${actual?.length ?? 'none'}`,
      );
      return;
    }
    const wrong = Array.from(expected, (_, i) => i).filter((i) => {
      const same = Object.is(actual[i], expected[i]);
      return !same && !(Math.abs(actual[i] - expected[i]) <= allowed(i));
    });
    if (wrong.length === 0) return;
    const [i] = wrong;
    this.found.push(
      `${where}: ${wrong.length} of ${expected.length} wrong, first [${i}]: expected ${expected[i]} ± ${allowed(i)} ` +
        `but received ${actual[i]}`,
    );
  }

  check(where: string, holds: boolean): void {
    if (!holds) this.found.push(where);
  }
}
