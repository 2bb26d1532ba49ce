import { type Html, html } from './html.js';

/** Formulas in MathML, which browsers typeset themselves: letters, operators and what is built of them. */
type Part = string | Html;

/** Parts in a row: a letter is a variable, words of several a function, what is neither an operator. */
function row(...parts: Part[]): Html {
  return html`<mrow>${parts.map(symbol)}</mrow>`;
}

function symbol(part: Part): Html {
  if (typeof part !== 'string') return part;
  if (/^\d+$/.test(part)) return html`<mn>${part}</mn>`;
  if (/^\p{L}/u.test(part)) return html`<mi>${part}</mi>`;
  // Fences as tall as what they hold make f(x) look like a matrix.
  return /^[()[\]]$/.test(part) ? html`<mo stretchy="false">${part}</mo>` : html`<mo>${part}</mo>`;
}

function fraction(over: Html, under: Html): Html {
  return html`<mfrac>${over}${under}</mfrac>`;
}

function below(base: string, index: Part): Html {
  return html`<msub>${symbol(base)}${symbol(index)}</msub>`;
}

const nabla = row('∇', html`<mspace width="0.15em" />`, 'log');
const [mu0, mut] = [below('μ', '0'), below('μ', 't')];
const next = row('l', '+', '1');
const [moved, movedBy] = [below('μ', 'T'), (depth: Part) => above('μ', depth, 'T')];
const double = row('2', 'n');
const [velocity, start] = [row(nabla, html`<mspace width="0.15em" />`, mut), row(nabla, '(', mu0, '∗', 'N', '(', '0', ',', 't', 'I', ')', ')', '(', 'x', ')')]; // prettier-ignore
const heat = row(fraction(row('∂', 'μ'), row('∂', 't')), '=', '−', html`<mo>Δ</mo>`, 'μ');
const entropy = row(fraction(row('d', 'H'), row('d', 't')), '=', '−', 'I');
const stack = row(below('Ψ', next), '∘', below('φ', 'l'), '=', below('Ψ', 'l'), '∘', below('g', 'l'));
const spectrum = row('R', '[', 'f', ']', '(', 'a', ',', 'b', ')');
const flow = row(html`<mover>${symbol('x')}<mo>˙</mo></mover>`, '=', velocity, '(', 'x', ')');

/** The formulas of the theory's claims, by their numbers. */
export const CLAIM_FORMULAS: Readonly<Record<number, Html>> = {
  1: shown('g(x) = x + t ∇log(μ₀ ∗ N(0, tI))(x)', row('g', '(', 'x', ')', '=', 'x', '+', 't', start)),
  2: shown('ẋ = ∇log μ_t(x)', flow),
  3: shown('∂μ/∂t = −Δμ, dH/dt = −I', row(heat, html`<mspace width="2em" />`, entropy)),
  4: shown(
    'W_2(μ_T^2n, μ_T) < W_2(μ_T^n, μ_T)',
    row(distance(movedBy(double), moved), '<', distance(movedBy('n'), moved)),
  ),
  5: shown('tr B_2n / tr W_2n ≥ tr B_n / tr W_n', row(ratio(double), '≥', ratio('n'))),
  6: shown('Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l', stack),
  7: shown(
    'R[f](a, b) = ∫ f(x) ψ(a·x − b) dx',
    row(spectrum, '=', '∫', 'f', '(', 'x', ')', 'ψ', '(', 'a', '·', 'x', '−', 'b', ')', html`<mspace width="0.2em" />`, 'd', 'x'), // prettier-ignore
  ),
};

/** What the letters of a formula mean that its statement says in words. */
export const CLAIM_LEGENDS: Readonly<Record<number, Html>> = {
  4: html`${inline(movedBy('n'))} is what n layers make of the measure at total noise T, ${inline(moved)} what
  the continuous autoencoder makes of it.`,
  5: html`${inline(row('tr', html`<mspace width="0.15em" />`, below('B', 'n')))} and
  ${inline(row('tr', html`<mspace width="0.15em" />`, below('W', 'n')))} are the variances between and within
  the classes after n layers.`,
};

/** Mathematics within sentences: as it is written in plain text, and typeset. Longer ones come first. */
const WITHIN: readonly (readonly [text: string, formula: Html])[] = [
  ['g(x) = x + t ∇log(μ₀ ∗ N(0, tI))(x)', row('g', '(', 'x', ')', '=', 'x', '+', 't', start)],
  ['Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l', stack],
  ['ẋ = ∇log μ_t(x)', flow],
  ['∂μ/∂t = −Δμ', heat],
  ['dH/dt = −I', entropy],
  ['R[f](a, b)', spectrum],
  ['∇log μ_t', velocity],
  ['N(0, tI)', row('N', '(', '0', ',', 't', 'I', ')')],
];

/** A sentence with its mathematics typeset. */
export function typeset(sentence: string): Html {
  for (const [text, formula] of WITHIN) {
    const at = sentence.indexOf(text);
    if (at >= 0)
      return html`${typeset(sentence.slice(0, at))}${inline(formula, text)}${typeset(sentence.slice(at + text.length))}`;
  }
  return html`${sentence}`;
}

function above(base: string, index: Part, under: Part): Html {
  return html`<msubsup>${symbol(base)}${symbol(under)}${symbol(index)}</msubsup>`;
}

function distance(from: Html, to: Html): Html {
  return row(below('W', '2'), '(', from, ',', to, ')');
}

function ratio(depth: Part): Html {
  const trace = (letter: string) => row('tr', html`<mspace width="0.15em" />`, below(letter, depth));
  return fraction(trace('B'), trace('W'));
}

/** A formula within a line. */
function inline(formula: Html, text?: string): Html {
  return html`<math${text === undefined ? null : html` aria-label="${text}"`}>${formula}</math>`;
}

/** A formula on a line of its own; `text` is what a reader without MathML hears. */
function shown(text: string, formula: Html): Html {
  return html`<math display="block" aria-label="${text}">${formula}</math>`;
}
