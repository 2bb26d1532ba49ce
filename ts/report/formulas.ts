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
  return /^\p{L}/u.test(part) ? html`<mi>${part}</mi>` : html`<mo>${part}</mo>`;
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

/** The formulas of the theory's claims, by their numbers; claims without one are said in words alone. */
export const CLAIM_FORMULAS: Readonly<Record<number, Html>> = {
  1: shown(
    'g(x) = x + t ∇log(μ₀ ∗ N(0, tI))(x)',
    row('g', '(', 'x', ')', '=', 'x', '+', 't', nabla, '(', mu0, '∗', 'N', '(', '0', ',', 't', 'I', ')', ')', '(', 'x', ')'), // prettier-ignore
  ),
  2: shown(
    'ẋ = ∇log μ_t(x)',
    row(html`<mover>${symbol('x')}<mo>˙</mo></mover>`, '=', nabla, mut, '(', 'x', ')'),
  ),
  3: shown(
    '∂μ/∂t = −Δμ, dH/dt = −I',
    row(fraction(row('∂', 'μ'), row('∂', 't')), '=', '−', html`<mo>Δ</mo>`, 'μ', html`<mspace width="2em" />`, fraction(row('d', 'H'), row('d', 't')), '=', '−', 'I'), // prettier-ignore
  ),
  6: shown(
    'Ψ_{l+1} ∘ φ_l = Ψ_l ∘ g_l',
    row(below('Ψ', next), '∘', below('φ', 'l'), '=', below('Ψ', 'l'), '∘', below('g', 'l')),
  ),
  7: shown(
    'R[f](a, b) = ∫ f(x) ψ(a·x − b) dx',
    row('R', '[', 'f', ']', '(', 'a', ',', 'b', ')', '=', '∫', 'f', '(', 'x', ')', 'ψ', '(', 'a', '·', 'x', '−', 'b', ')', html`<mspace width="0.2em" />`, 'd', 'x'), // prettier-ignore
  ),
};

/** A formula on a line of its own; `text` is what a reader without MathML hears. */
function shown(text: string, formula: Html): Html {
  return html`<math display="block" aria-label="${text}">${formula}</math>`;
}
