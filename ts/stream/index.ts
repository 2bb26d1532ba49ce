export { recordBatches } from './record-batches.js';
export { mapRows, type RowsSource, type Stage } from './stage.js';
export {
  type NeighbouringRows,
  type PointMap,
  type ScoredRows,
  type StageOptions,
  neighbourRows,
  projectRows,
  scoreRows,
  transportMap,
} from './stages.js';
