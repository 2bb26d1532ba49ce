/**
 * A Runge–Kutta method as data: stage i is kᵢ = f(t + cᵢh, y + h Σ_{j<i} aᵢⱼkⱼ), and the step ends in y + h Σ bᵢkᵢ. Where
 * it is implicit, all stages but the first have γ kᵢ with γ = `diagonal` in that sum too. Stepping is written once, in
 * runge-kutta.ts.
 */
export interface Tableau {
  readonly name: string;
  /** Order of convergence of the solution: global error O(h^order). */
  readonly order: number;
  /** Order of the embedded solution that the error estimate compares with: the estimate is O(h^(embeddedOrder + 1)). */
  readonly embeddedOrder?: number;
  readonly stages: number;
  /** Row i holds the i coefficients of stage i. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly c: readonly number[];
  /** Coefficient of every stage but the first in its own argument, of a stiffly accurate method. Absent: explicit. */
  readonly diagonal?: number;
  /** Weights of the error estimate, b − b̂, one per stage. Absent: the method has fixed steps only. */
  readonly bError?: readonly number[];
  /** Weights of a second estimate, of order 3, that stabilises the first: see {@link dop853}. */
  readonly bErrorThird?: readonly number[];
  /** First same as last: the last stage is the derivative at the end of the step (its row of `a`, with the diagonal, is b). */
  readonly fsal: boolean;
  /** The solution between the ends of a step. Absent: the cubic Hermite polynomial of both ends, of order 3. */
  readonly interpolant?: Interpolant;
}

/**
 * A solver's own interpolant, as what it adds to the cubic Hermite polynomial at the relative time θ in [0, 1]:
 * h Σ_m p_m(θ) Σᵢ d[m][i] kᵢ with p₀ = θ²(1 − θ)², p₁ = θ³(1 − θ)², p₂ = θ³(1 − θ)³, p₃ = θ⁴(1 − θ)³.
 */
export interface Interpolant {
  /** Order: error O(h^(order + 1)) within a step. */
  readonly order: number;
  /** Weights of the stages, the extra ones last. */
  readonly d: readonly (readonly number[])[];
  /** Stages beyond those of the step, computed only where the interpolant is used. */
  readonly extra?: { readonly a: readonly (readonly number[])[]; readonly c: readonly number[] };
}
