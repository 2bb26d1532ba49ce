import test from 'ava';
import { theoryIndexPage } from '../ts/report/theory.js';
import { CLAIM_FORMULAS, CLAIM_LEGENDS, typeset } from '../ts/report/formulas.js';
import { CLAIMS } from '../ts/theory/run.js';

const entries = Object.entries(CLAIM_FORMULAS).map(([claim, formula]) => ({
  claim: Number(claim),
  markup: String(formula),
}));

test('the formulas are MathML whose elements close', (t) => {
  t.true(entries.length > 0);
  for (const { claim, markup } of entries) {
    const open: string[] = [];
    for (const [, end, name, self] of markup.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (end) t.is(open.pop(), name, `claim ${claim}`);
      else if (!self) open.push(name);
    }
    t.deepEqual(open, [], `claim ${claim}`);
    for (const [, inner] of markup.matchAll(/<m(?:frac|sub|over)>(.*?)<\/m(?:frac|sub|over)>/gs))
      t.true(/<m\w+/.test(inner), `claim ${claim}`);
    t.notRegex(markup, /<mo>[()[\]]<\/mo>/, 'fences stay as small as what they hold is');
  }
});

test('a formula says what its label says, and what the claim states', (t) => {
  const plain = (text: string) =>
    text.replaceAll('ẋ', 'x˙').replaceAll('₀', '0').replace(/[\s_^{}/]/g, ''); // prettier-ignore
  for (const { claim, markup } of entries) {
    const label = /aria-label="([^"]*)"/.exec(markup)![1];
    const content = plain(markup.replace(/<[^>]*>/g, ''));
    t.is(content, plain(label).replace(/,(?=d[A-Z])/, ''), `claim ${claim}`);
    const { statement } = CLAIMS.find(({ claim: number }) => number === claim)!;
    if (CLAIM_LEGENDS[claim]) continue;
    for (const part of claim === 7 ? ['R[f](a, b)'] : label.split(', d'))
      t.true(statement.includes(part.replace(/^H/, 'dH')), `${claim}: ${part}`);
  }
});

test('every claim has a formula, and those that words state say what its letters mean', (t) => {
  t.deepEqual(
    entries.map(({ claim }) => claim),
    CLAIMS.map(({ claim }) => claim),
  );
  for (const { claim, statement } of CLAIMS) {
    const typed = String(typeset(statement));
    const words = typed.replace(/<math.*?<\/math>/gs, '');
    t.notRegex(words, /[_₀∇∂Ψφμ]|dH/, `claim ${claim}: no mathematics is left as text`);
    const text = typed.replace(/<math aria-label="([^"]*)">.*?<\/math>/gs, '$1');
    t.is(text, statement, 'nothing of the sentence is lost');
  }
});

test('the page of the claims shows them', async (t) => {
  const results = CLAIMS.map(({ claim, title }) => ({
    ...{ claim, title, verdict: 'holds' as const, checks: [], figures: [], remarks: [], seconds: 1 },
  }));
  const statements = Object.fromEntries(CLAIMS.map(({ claim, statement }) => [claim, statement]));
  const page = await theoryIndexPage(results, { statements, command: 'ridgeflow theory', versions: {} });
  t.is((page.match(/<math display/g) ?? []).length, entries.length);
  for (const { markup } of entries) t.true(page.includes(markup));
});
