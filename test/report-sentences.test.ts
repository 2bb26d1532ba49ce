import test from 'ava';
import * as sections from '../ts/report/section-sentences.js';
import { descentSentence, leftOverSentence, turnSentence, turnsCaption } from '../ts/theory/sentences.js';

test('what stands under the headings follows the numbers', (t) => {
  const { depthLead, flowLead, sampledClouds, planLead, riverLead, dataSentence } = sections;
  t.regex(depthLead([1, 4, 'continuous']), /^The same noise .* in one step by a shallow/);
  t.regex(depthLead([2, 4]), /^The same noise .* in the smaller steps the deeper/);
  t.regex(depthLead([1]), /in one step, by a shallow network\.$/);
  t.regex(depthLead([4]), /in 4 equal steps\.$/);
  t.regex(depthLead(['continuous']), /along the flow/);
  t.regex(flowLead(3), /Choose a depth, then play or drag/);
  t.regex(flowLead(1), /ends\. Play, or drag/);
  t.is(sampledClouds(10, 20, 20), undefined);
  t.regex(sampledClouds(10, 21, 20)!, /^A sample of 20 of the 21 points of the second/);
  t.regex(sampledClouds(21, 10, 20)!, /^A sample of 20 of the 21 points of the first/);
  t.regex(sampledClouds(30, 30, 20)!, /20 points of each cloud/);
  t.regex(planLead(true, 'exact'), /^Every line is mass/);
  t.regex(planLead(false, 'exact'), /so many points is not drawn/);
  t.regex(planLead(false, 'sliced'), /has no plan/);
  t.regex(dataSentence({ layers: [{}] } as never), /data as they go in/);
  t.regex(dataSentence({ layers: [{ tokens: 1234 }] } as never), /1,234 tokens.*names/);
  t.regex(riverLead(true), /lines of one colour/);
  t.notRegex(riverLead(false), /colour|label/);
  t.is(sections.averagedSentence([512, 512], [512, 512]), undefined);
  t.is(sections.averagedSentence([1024, 300], [512, 300]), 'Shown by means of 2 × 1 values');
  t.is(sections.measuredOn(5000, 60_000), 'Measured on 5,000 of the 60,000 points, chosen at random.');
  t.is(sections.measuredOn(10, 10), 'Measured on all 10 points.');
  t.regex(sections.courseSubtitle([1, 0.5, 0.1]), /falls from 100% to 10%$/);
  t.regex(sections.courseSubtitle([0.1, 0.5]), /rises from 10% to 50%$/);
  t.regex(sections.courseSubtitle([0.1, 0.5, 0.10001]), /, 10% at the start and at the end$/);
});

test('theory: captions and remarks follow the numbers of the experiment', (t) => {
  const sweep = (...silhouettes: number[]) => ({
    name: 'moons',
    start: 0.4,
    curve: silhouettes.map((silhouette, k) => [2 ** k, silhouette] as const),
  });
  const turning = sweep(0.5, 0.6, 0.3);
  t.regex(turnSentence(turning), /largest, 0\.600, at T ≈ 2\.0, and 0\.300 at T ≈ 4\.0: more noise merges/);
  t.regex(turnSentence(sweep(0.5, 0.6, 0.7)), /does not turn; it is largest, 0\.700/);
  t.regex(turnSentence(sweep(0.5, 0.6, 0.5999)), /does not turn/, 'less than a thousandth is no turn');
  t.regex(turnSentence(sweep(0.4, 0.3, 0.2)), /never above that of the data, 0\.400, and 0\.200 at/);
  t.regex(turnSentence(sweep(0.3, 0.3)), /never above that of the data, 0\.400, and does not turn/);
  t.regex(turnsCaption([turning, turning]), /It rises as long as .* and falls where it merges classes\.$/);
  t.regex(turnsCaption([turning, sweep(0.4, 0.3)]), /in 1 of 2 panels\.$/);
  t.regex(turnsCaption([sweep(0.4, 0.3)]), /In none of the panels/);
  t.regex(leftOverSentence([[1, 0.1], [2, 0.2]]), / falls with the step/); // prettier-ignore
  t.regex(leftOverSentence([[1, 0.2], [2, 0.1]]), /does not fall with the step/); // prettier-ignore
  t.regex(descentSentence(-1, [-0.9, 1], 0.01), /^No field lowers entropy faster/);
  t.regex(descentSentence(-1, [-1.005, 1], 0.01), /^No field/, 'within the tolerance');
  t.regex(descentSentence(1, [-0.9, 1], 0.01), /^Some fields .* 0\.900 I against −?-?1/);
});
