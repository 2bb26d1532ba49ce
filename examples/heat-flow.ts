// The heat equation as particles that move: v = −∇log μ_t. The density spreads, and no particle jumps.
import { gaussianMixture, heatFlow } from 'ridgeflow';
import { trajectoriesOnTheLine, writePicture } from './picture.js';

const measure = gaussianMixture({ weights: [0.3, 0.7], means: [-2, 1.5], variances: [0.1, 0.2] });
const flow = heatFlow(measure, { to: 2 });
await writePicture(await trajectoriesOnTheLine(flow, { title: 'Heat flow of a mixture', half: 7 }));
