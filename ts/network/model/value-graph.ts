import { type ModelValue, computes } from './model.js';

/** What hands quantised values on, or makes them of others and back. */
const QUANTISING = /^(?:QuantizeLinear|DequantizeLinear|FakeQuantWithMinMaxVars)$/;
/** What mixes the coordinates of an example: blocks have at least one of these, activations and norms none. */
const MIXES =
  /Conv|MatMul|Gemm|Einsum|Dense|Attention|LSTM|GRU|RNN|Pool|Recurrent|^(?:Dot|BatchDot|FFT|DFT|Cumsum|CumSum)$/i;

/** The values of a model by their numbers in the order of computation: those that a value is made of have smaller ones. */
export class ValueGraph {
  readonly inputs: readonly (readonly number[])[];
  readonly followers: readonly number[][];
  /** The last value that every way from the inputs comes by; -1 where there is none. */
  readonly #dominators: Int32Array;

  constructor(readonly values: readonly ModelValue[]) {
    const numbers = new Map(values.map(({ name }, i) => [name, i]));
    this.inputs = values.map(({ inputs }, i) =>
      inputs.flatMap((name) => numbers.get(name) ?? []).filter((from) => from < i),
    );
    this.followers = values.map(() => []);
    this.#dominators = new Int32Array(values.length).fill(-1);
    this.inputs.forEach((from, i) => {
      for (const input of from) this.followers[input].push(i);
      if (from.length > 0 && from.length === values[i].inputs.length)
        this.#dominators[i] = from.reduce((a, b) => this.#common(a, b));
    });
  }

  /** The last value that all ways to this one come by. */
  dominator(value: number): number {
    return this.#dominators[value];
  }

  /** Whether all ways to the later value come by the earlier, or they are the same. */
  dominates(earlier: number, later: number): boolean {
    let at = later;
    while (at > earlier) at = this.#dominators[at];
    return at === earlier;
  }

  mixes(value: number): boolean {
    return MIXES.test(this.values[value].kind);
  }

  /** The value that this one is, but for how it is arranged: back through what hands its one input on. */
  resolve(value: number): number {
    let at = value;
    const passes = (kind: string) => !computes(kind) || QUANTISING.test(kind);
    while (this.inputs[at].length === 1 && passes(this.values[at].kind)) at = this.inputs[at][0];
    return at;
  }

  /** The values on the ways from one to another, without the first, ascending; undefined where there are none. */
  between(from: number, to: number): number[] | undefined {
    const met = new Set<number>();
    const stack = [to];
    while (stack.length > 0) {
      const value = stack.pop()!;
      if (value <= from || met.has(value)) continue;
      met.add(value);
      stack.push(...this.inputs[value]);
    }
    const reached = new Set([from]);
    for (const value of [...met].sort((a, b) => a - b))
      if (this.inputs[value].some((input) => reached.has(input))) reached.add(value);
    reached.delete(from);
    return reached.has(to) ? [...reached] : undefined;
  }

  #common(a: number, b: number): number {
    let [left, right] = [a, b];
    while (left !== right) {
      if (left > right) left = this.#dominators[left];
      else right = this.#dominators[right];
    }
    return left;
  }
}
