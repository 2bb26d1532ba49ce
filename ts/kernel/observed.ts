import { channel } from 'node:diagnostics_channel';
import type { Kernels } from './contract.js';

/**
 * What subscribers of `ridgeflow:kernel:start`, `:end` and `:error` (node:diagnostics_channel) are told of a call of a
 * kernel: the heavy part of every call of the library.
 */
export interface KernelEvent {
  /** The same in all events of one call. */
  readonly id: number;
  /** The kernel's name, as `score` or `softmin`. */
  readonly kernel: string;
  readonly backend: Kernels['name'];
  /** The numbers of its problem, lengths of its arrays, and rows and columns of its matrices, by name. */
  readonly sizes: Readonly<Record<string, number | readonly number[]>>;
  /** At the end and after an error: how long it took. */
  readonly milliseconds?: number;
  readonly error?: unknown;
}

const START = channel('ridgeflow:kernel:start');
const END = channel('ridgeflow:kernel:end');
const ERROR = channel('ridgeflow:kernel:error');

let calls = 0;

/** The kernels, with events for whoever listens; without listeners a call costs three questions more. */
export function observed(kernels: Kernels): Kernels {
  const wrapped = Object.entries(kernels).map(([name, member]: [string, unknown]) => [
    name,
    typeof member === 'function' ? tell(kernels, name, member as Kernel) : member,
  ]);
  return Object.fromEntries(wrapped) as Kernels;
}

type Kernel = (...values: unknown[]) => unknown;

function tell(kernels: Kernels, kernel: string, call: Kernel): Kernel {
  return (...values) => {
    if (!START.hasSubscribers && !END.hasSubscribers && !ERROR.hasSubscribers)
      return call.apply(kernels, values);
    const event = { id: ++calls, kernel, backend: kernels.name, sizes: sizesOf(values[0]) };
    const begun = performance.now();
    const took = () => performance.now() - begun;
    const failed = (error: unknown) => ERROR.publish({ ...event, milliseconds: took(), error });
    START.publish(event);
    try {
      const result = call.apply(kernels, values);
      if (!(result instanceof Promise)) END.publish({ ...event, milliseconds: took() });
      else result.then(() => END.publish({ ...event, milliseconds: took() }), failed);
      return result;
    } catch (error) {
      failed(error);
      throw error;
    }
  };
}

function sizesOf(problem: unknown): KernelEvent['sizes'] {
  if (ArrayBuffer.isView(problem)) return { length: lengthOf(problem) };
  if (typeof problem !== 'object' || problem === null) return {};
  const sizes = Object.entries(problem).map(([name, value]: [string, unknown]) => {
    if (typeof value === 'number') return [name, value];
    if (ArrayBuffer.isView(value)) return [name, lengthOf(value)];
    const { rows, columns } = (value ?? {}) as { rows?: unknown; columns?: unknown };
    return [name, typeof rows === 'number' && typeof columns === 'number' ? [rows, columns] : undefined];
  });
  return Object.fromEntries(sizes.filter(([, size]) => size !== undefined)) as KernelEvent['sizes'];
}

function lengthOf(view: ArrayBufferView): number {
  return (view as { length?: number }).length ?? view.byteLength;
}
