import { LuDecomposition, Matrix, inverse } from 'ml-matrix';
import { dot } from './kernels.js';
import type { Random } from './random.js';

/** One Gaussian of a mixture, in plain lists. */
export interface Component {
  weight: number;
  mean: number[];
  covariance: number[][];
}

/** A mixture's density and derivatives at one point. */
export interface ReferenceDensity {
  logDensity: number;
  score: number[];
  divergence: number;
  hessian: number[][];
}

export function identity(d: number, scale = 1): number[][] {
  return Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => (i === j ? scale : 0)));
}

export function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
}

/** A·Aᵀ/d + ½I of a random A: eigenvalues from ½ to about 4½. */
export function randomCovariance(random: Random, d: number): number[][] {
  const rows = Array.from({ length: d }, () => random.normals(d));
  return rows.map((a, i) => rows.map((b, j) => dot(a, b) / d + (i === j ? 0.5 : 0)));
}

/** Weights that sum to 1. */
export function randomWeights(random: Random, count: number): number[] {
  const weights = Array.from({ length: count }, () => 0.1 + random.uniform());
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Density, score, divergence and Hessian of log Σ w_k N(m_k, Σ_k) from their definitions, at several points. */
export function referenceDensity(
  components: readonly Component[],
  points: readonly number[][],
): ReferenceDensity[] {
  const prepared = components.map(({ weight, mean, covariance }) => {
    const matrix = new Matrix(covariance);
    const lower = new LuDecomposition(matrix);
    const pivots = lower.upperTriangularMatrix.diagonal();
    return {
      logFactor:
        Math.log(weight) -
        pivots.reduce((sum, pivot) => sum + Math.log(2 * Math.PI * Math.abs(pivot)), 0) / 2,
      mean,
      precision: inverse(matrix).to2DArray(),
    };
  });
  return points.map((x) => {
    const terms = prepared.map(({ logFactor, mean, precision }) => {
      const offset = x.map((value, k) => value - mean[k]);
      const score = precision.map((row) => -dot(row, offset));
      return { logit: logFactor + dot(offset, score) / 2, score, precision };
    });
    const max = Math.max(...terms.map(({ logit }) => logit));
    const mass = terms.reduce((sum, { logit }) => sum + Math.exp(logit - max), 0);
    const gamma = terms.map(({ logit }) => Math.exp(logit - max) / mass);
    const score = x.map((_, i) => terms.reduce((sum, term, k) => sum + gamma[k] * term.score[i], 0));
    const hessian = x.map((_, i) =>
      x.map((_, j) =>
        terms.reduce((sum, term, k) => {
          const spread = (term.score[i] - score[i]) * (term.score[j] - score[j]);
          return sum + gamma[k] * (spread - term.precision[i][j]);
        }, 0),
      ),
    );
    return {
      logDensity: max + Math.log(mass),
      score,
      divergence: hessian.reduce((sum, row, i) => sum + row[i], 0),
      hessian,
    };
  });
}
