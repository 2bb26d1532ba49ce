export type { LineFreeEnergy, LineFunction } from './line-energy.js';
export { freeEnergyFlow, jkoFlow, type JkoOptions, type JkoState, type JkoTrajectory } from './line-flow.js';
