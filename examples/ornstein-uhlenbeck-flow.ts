// The Ornstein–Uhlenbeck process without noise: the particles have its law at every time, and settle in N(0, 1).
import { gaussianMixture, ornsteinUhlenbeckFlow } from 'ridgeflow';
import { trajectoriesOnTheLine, writePicture } from './picture.js';

const measure = gaussianMixture({ weights: [0.5, 0.5], means: [-3, 3], variances: 0.1 });
const flow = ornsteinUhlenbeckFlow(measure, { to: 3 });
await writePicture(await trajectoriesOnTheLine(flow, { title: 'Ornstein–Uhlenbeck flow', half: 4.5 }));
