/** What users of other libraries call an option, each with what it may be here, the most likely first. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  atol: ['tolerance', 'absolute'],
  rtol: ['tolerance', 'relative'],
  tol: ['tolerance'],
  stopthr: ['tolerance'],
  eps: ['epsilon', 'tolerance'],
  reg: ['epsilon', 'regularization', 'ridge', 'penalty'],
  alpha: ['ridge'],
  maxiter: ['maximumIterations', 'iterations'],
  maxiterations: ['maximumIterations', 'iterations'],
  numitermax: ['maximumIterations', 'iterations'],
  niter: ['maximumIterations', 'iterations', 'steps'],
  nprojections: ['directions'],
  ncomponents: ['count'],
  nsamples: ['samples', 'count'],
  maxstep: ['maximumStep', 'step'],
  minstep: ['minimumStep', 'step'],
  maxsteps: ['maximumSteps', 'steps'],
  firststep: ['step'],
  dt: ['step'],
  dt0: ['step'],
  t0: ['from'],
  t1: ['to'],
  tspan: ['to'],
  teval: ['saveAt'],
  method: ['solver'],
  randomstate: ['seed'],
  rng: ['seed'],
  generator: ['seed'],
  k: ['neighbours'],
  memory: ['memoryLimit'],
  center: ['centre'],
  nneighbors: ['k', 'neighbours'],
  nneighbours: ['k', 'neighbours'],
  sigma: ['noise', 'bandwidth', 'standardDeviations', 'variance'],
  std: ['noise', 'standardDeviations'],
  bwmethod: ['bandwidth'],
  lr: ['optimiser'],
  learningrate: ['optimiser'],
  optimizer: ['optimiser'],
  hiddensize: ['width', 'widths'],
  theta: ['angles'],
  iterations: ['maximumIterations'],
  normalization: ['normalisation'],
  weightsu: ['weightsA'],
  weightsv: ['weightsB'],
  outputsize: ['shape'],
  callback: ['onProgress'],
  verbose: ['onProgress'],
  device: ['backend'],
  precision: ['dtype'],
};

/** The name among `known` that was most likely meant, if any is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = plainly(name);
  const aliases = Object.hasOwn(ALIASES, plain) ? ALIASES[plain] : undefined;
  const alias = aliases?.find((candidate) => known.includes(candidate));
  if (alias !== undefined) return alias;
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const other = plainly(candidate);
    const contained =
      Math.min(plain.length, other.length) > 2 && (other.includes(plain) || plain.includes(other));
    const distance = contained ? 1 : editDistance(plain, other);
    if (distance < least && (contained || distance <= Math.max(1, plain.length / 2))) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function plainly(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Least number of letters to insert, remove or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
