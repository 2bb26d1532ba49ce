export type { LineFreeEnergy, LineFunction } from './line-energy.js';
export { freeEnergyFlow, jkoFlow, type JkoOptions, type JkoState, type JkoTrajectory } from './line-flow.js';
export {
  entropicJkoFlow,
  type EntropicJkoOptions,
  type EntropicJkoTrajectory,
  type SiteState,
} from './entropic-flow.js';
export type { SiteFreeEnergy } from './site-energy.js';
