export {
  type EntropyEstimate,
  entropyFromDistances,
  nearestNeighbourEntropy,
} from './nearest-neighbour-entropy.js';
