export {
  type EntropyEstimate,
  entropyFromDistances,
  nearestNeighbourEntropy,
} from './nearest-neighbour-entropy.js';
export { type Neighbours, nearestNeighbours } from './nearest-neighbours.js';
