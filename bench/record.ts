import type { BackendName } from '../ts/core/options.js';
import type { Peers } from './peers/peers.js';

/** One measured workload, as `npm run bench -- --json` prints it. */
export interface BenchRecord {
  suite: string;
  workload: string;
  params: Record<string, number | string>;
  backend: string;
  threads: number;
  /** Median. */
  seconds: number;
  samples: number;
  perPairNs?: number;
  /** FLOP/s over those of BLAS's own matrix product in the same run with the same threads. */
  gemmFraction?: number;
  /** The time that the processor's measured peaks allow for the least work, over the time taken (bench/roofline.ts). */
  roofline?: number;
  /** Times faster than another system, backend, or workload of the suite, in the same run. */
  speedup?: Record<string, number>;
  /** Exponent p of cost ∝ n^p, fitted over several n. */
  growthExponent?: number;
  /** Anything else that was measured. */
  measured?: Record<string, number>;
}

/** What a suite is given. */
export interface BenchContext {
  threads: number;
  /** Backends to compare with, where they load. */
  others: BackendName[];
  /** Systems of Python's world to compare with, where `--peers` asks for them. */
  peers: Peers;
  /** Fewer samples and smaller comparisons, to try a suite out. */
  quick: boolean;
  /** Workloads too that take from five minutes to an hour. */
  long: boolean;
  emit: (record: BenchRecord) => void;
}

/** A file of bench/suites. */
export interface BenchSuite {
  name: string;
  run(context: BenchContext): Promise<void>;
}

/** A suite as bench/recorded.json keeps it: its last recorded run. */
export interface RecordedRun {
  suite: string;
  /** When, as ISO 8601. */
  date: string;
  machine: {
    processor: string;
    threads: number;
    simd: string;
    blasCore: string;
    node: string;
    /** Programs that ran already when the suite began: the system's mean of the last minute. */
    load: number;
  };
  records: BenchRecord[];
}
