/**
 * A function by polynomials: on cell c of `cells` equal cells of [from, to) it is Σ_k coefficients[k · cells + c] t^k,
 * t from −1 to 1 across the cell; outside it is 0. With a parity the cells cover [0, to), and f(−z) = ±f(z).
 */
export interface PiecewisePolynomials {
  readonly from: number;
  readonly to: number;
  readonly parity: 'none' | 'even' | 'odd';
  /** Up to 2²⁰. 32 is fastest on the native backend. */
  readonly cells: number;
  /** 1 to 15. */
  readonly degree: number;
  readonly coefficients: Float64Array;
}

/** The function that a table holds. */
export function functionOfTable(table: PiecewisePolynomials): (z: number) => number {
  const { from, to, parity, cells, degree, coefficients } = table;
  const perCell = cells / (to - from);
  return (z) => {
    const place = ((parity === 'none' ? z : Math.abs(z)) - from) * perCell;
    if (!(place >= 0 && place < cells)) return 0;
    const cell = Math.floor(place);
    const t = 2 * (place - cell) - 1;
    let value = coefficients[degree * cells + cell];
    for (let k = degree - 1; k >= 0; k--) value = value * t + coefficients[k * cells + cell];
    return parity === 'odd' && z < 0 ? -value : value;
  };
}
