import type { Depth } from '../dae/depth-comparison.js';

/** A number for reading: significant digits, thousands separated, powers of ten where it is huge or tiny, “–” for NaN. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
    return `${minus(String(Number(mantissa)))} × 10${superscript(Number(exponent))}`;
  }
  return minus(value.toLocaleString('en-US', { maximumSignificantDigits: Math.max(digits, 1) }));
}

/** A whole number with its thousands separated. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A fraction as a percentage with one decimal. */
export function formatPercent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(1)}%` : '–';
}

/** Seconds in the unit that suits them. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 1e-3) return `${formatNumber(1e6 * seconds, 3)} µs`;
  if (seconds < 1) return `${formatNumber(1e3 * seconds, 3)} ms`;
  if (seconds < 120) return `${formatNumber(seconds, 3)} s`;
  return `${formatNumber(seconds / 60, 3)} min`;
}

/** Items as a phrase: “1, 2 and 4”. */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(items);
}

/** A depth as its tick on an axis. */
export function depthTick(depth: Depth): string {
  return depth === 'continuous' ? '∞' : String(depth);
}

/** A depth as the subject of a sentence. */
export function depthPhrase(depth: Depth): string {
  if (depth === 'continuous') return 'the continuous limit';
  return depth === 1 ? 'a single layer' : `${depth} layers`;
}

function minus(text: string): string {
  return text.replace('-', '−');
}

function superscript(exponent: number): string {
  const digits = [...'⁰¹²³⁴⁵⁶⁷⁸⁹'];
  return (exponent < 0 ? '⁻' : '') + [...String(Math.abs(exponent))].map((c) => digits[Number(c)]).join('');
}
