import { existsSync } from 'node:fs';
import { RidgeflowError } from '../core/errors.js';
import { type Contraction, type Depth, type DepthRun, compareDepths } from '../dae/index.js';
import type { RowsFormat } from '../io/index.js';
import type { Cloud } from './cloud-input.js';
import { spoken } from './progress.js';
import type { DuplicatesPolicy, ReadingOptions } from './reading-options.js';
import type { ScalingOptions } from './scaling.js';
import type { CommandContext, ComputationOptions, OutputOptions } from './shared-options.js';
import { SNAPSHOTS, fittingSnapshots, planSnapshots } from './snapshots.js';
import { OwnFinishedDepths, writeOwnResults } from './transport-ranks.js';
import { FinishedDepths } from './transport-resume.js';
import type { TransportSummary } from './transport-output.js';
import { TransportResults } from './transport-results.js';

/** What `ridgeflow transport` takes. */
export interface TransportCommandOptions
  extends ComputationOptions, OutputOptions, ReadingOptions, ScalingOptions {
  out: string;
  noise?: number;
  smoothing?: number;
  resume?: boolean;
  contraction: Contraction;
  depths: Depth[];
  snapshots?: number;
  snapshotsLimit: number;
  imageShape?: [number, number];
  duplicates: DuplicatesPolicy;
  map?: string;
  format?: RowsFormat;
}

/** A run that takes longer is told what would make it shorter. */
const LONG_SECONDS = 600;

const CHOOSING = 'choosing noise and smoothing';

/** Moves a cloud through every depth, with a line for each, and writes what came of it. */
export async function computeAndWrite(
  name: string,
  cloud: Cloud,
  folder: string,
  options: TransportCommandOptions,
  { signal, progress, shares }: CommandContext,
): Promise<TransportSummary> {
  let doing = CHOOSING;
  progress.update(0, doing);
  const isSpread = shares.ranks.size > 1;
  const [own, d] = cloud.points.shape;
  const { total: n } = await shares.shareOf(own);
  // By the points of all ranks: how many there are of these changes nothing.
  const whole = { data: { byteLength: cloud.points.data.BYTES_PER_ELEMENT * n * d } };
  const snapshots = options.snapshots ?? fittingSnapshots(whole);
  if (options.snapshots === undefined && snapshots < SNAPSHOTS) {
    progress.line(
      `Note: at most ${snapshots} of ${SNAPSHOTS} snapshots of each run are kept; --snapshots asks for more`,
    );
  }
  const plan = planSnapshots({ points: { ...cloud.points, shape: [n, d] } }, { ...options, snapshots });
  if (plan.note) progress.line(plan.note);
  const settings = {
    T: options.noise,
    smoothing: options.smoothing,
    contraction: options.contraction,
    // The report shows the end at least.
    snapshots: Math.max(1, snapshots),
    seed: options.seed,
    backend: options.backend,
  };
  const finished = isSpread
    ? await OwnFinishedDepths.of(folder, cloud, settings, shares)
    : new FinishedDepths(folder, cloud, settings);
  if (!options.resume) await finished.remove();
  const results =
    finished instanceof FinishedDepths
      ? await TransportResults.of(cloud, { ...options, snapshots: plan, finished, signal })
      : undefined;
  const known: DepthRun[] = [];
  for (const depth of options.resume ? options.depths : []) {
    if (!(await finished.has(depth))) continue;
    const run = await finished.read(depth, signal);
    progress.line(`${runLine(run)}, from before`);
    known.push(results?.keep(run) ?? run);
  }
  const comparison = await compareDepths(cloud.points, {
    ...settings,
    labels: cloud.labels?.values,
    depths: options.depths,
    known,
    keep: results && ((run) => results.keep(run)),
    signal,
    onExpectedTime: ({ seconds, evaluations }) => {
      progress.line(`At most about ${spoken(seconds)}: ${evaluations} sums over all pairs of points`);
      if (seconds > LONG_SECONDS) {
        progress.line('Shorter: --depths without the deepest, for example 1,4,continuous; or fewer points');
      }
    },
    onProgress: (fraction) => {
      // Progress begins with the first depth.
      if (doing === CHOOSING) doing = `depth ${options.depths[0]}`;
      progress.update(fraction, doing);
    },
    onRun: async (run) => {
      progress.line(runLine(run));
      await finished.save(run);
      doing = nextDepth(options.depths, run.depth);
    },
  }).catch((error: unknown) => {
    if (error instanceof RidgeflowError && error.code === 'ABORTED' && existsSync(finished.folder))
      progress.line(`Saved in ${finished.folder}: the same command with --resume goes on from there`);
    throw atFile(error, name);
  });
  progress.update(1, 'writing');
  const summary = results
    ? await results.write(folder, name, comparison)
    : await writeOwnResults(folder, name, cloud, comparison, { signal, snapshots: plan, shares });
  await finished.remove();
  return summary;
}

function nextDepth(depths: readonly Depth[], done: Depth): string {
  const next = depths[depths.indexOf(done) + 1];
  return next === undefined ? 'measuring' : `depth ${next}`;
}

function runLine(run: DepthRun): string {
  const accuracy = run.accuracy === null ? '' : `  accuracy ${(100 * run.accuracy).toFixed(2)} %`;
  return (
    `depth ${String(run.depth).padEnd(10)}  entropy ${run.entropy.toPrecision(6)}${accuracy}` +
    `  displacement ${run.displacement.toPrecision(4)}  ${run.seconds.toFixed(2)} s`
  );
}

/** The same error, with the file it is about. */
function atFile(error: unknown, name: string): unknown {
  if (!(error instanceof RidgeflowError) || error.code === 'ABORTED') return error;
  return new RidgeflowError(error.code, `${name}: ${error.message}`, {
    cause: error,
    details: { ...error.details },
  });
}
