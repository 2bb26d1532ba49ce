export type {
  ClaimCheck,
  ClaimData,
  ClaimExperiment,
  ClaimFigure,
  ClaimFindings,
  ClaimOptions,
  ClaimResult,
  FigurePanel,
  FigureSeries,
  Relation,
  SpectrumPanel,
} from './claim.js';
export { CLAIMS, runClaim } from './run.js';
