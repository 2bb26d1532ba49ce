export type { TrainingNoise } from './noise.js';
export { type EarlyStopping, type TrainDaeOptions, trainDae } from './train-dae.js';
export type { EpochLoss, TrainedDae } from './trained-dae.js';
