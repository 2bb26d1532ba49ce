// Score-based generation by an ordinary differential equation: noise in, a mixture out, with exact log-likelihoods.
import { gaussianMixture, probabilityFlow, variancePreserving } from 'ridgeflow';
import { trajectoriesOnTheLine, writePicture } from './picture.js';

const measure = gaussianMixture({ weights: [0.6, 0.4], means: [-1, 1], variances: [0.02, 0.05] });
const flow = probabilityFlow(variancePreserving(), measure);

const x = await measure.sample(5, { seed: 2 });
const { logDensity } = await measure.evaluate(x, { logDensity: true });
console.log('log-likelihoods along the flow', await flow.logLikelihood(x));
console.log('and of the mixture itself     ', logDensity);

const title = 'Probability flow, from noise to data';
await writePicture(await trajectoriesOnTheLine(flow.reversed(), { title, half: 3 }));
