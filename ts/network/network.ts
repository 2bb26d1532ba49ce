import { RidgeflowError, invalidArgument } from '../core/errors.js';
import { ResidualNetwork } from './residual-network.js';
import { ShallowNetwork } from './shallow-network.js';

/** A network that files can hold. */
export type Network = ShallowNetwork | ResidualNetwork;

/** What a file says of a network beside its weights. */
export interface NetworkDescription {
  kind: 'shallow' | 'residual';
  activation: string;
  /** Of a residual network: its layers' steps, and the time at its input. */
  steps?: number[];
  from?: number;
}

/** Key under which files carry a {@link NetworkDescription} as JSON. */
export const DESCRIPTION = 'ridgeflow.network';

/** The hidden layers of a network, and what it is. Throws INVALID_ARGUMENT for anything else, UNSUPPORTED where its layers have different activations. */
export function describeNetwork(network: Network): {
  layers: readonly ShallowNetwork[];
  description: NetworkDescription;
} {
  if (network instanceof ShallowNetwork) {
    return { layers: [network], description: { kind: 'shallow', activation: network.activation.name } };
  }
  if (!(network instanceof ResidualNetwork))
    throw invalidArgument(
      'network',
      'a shallow or residual network (trained autoencoders are written by writeDaeOnnx and writeDaeLayersModel)',
      network,
    );
  const layers = network.layers.map((layer) => layer.network);
  const { name } = layers[0].activation;
  if (layers.some(({ activation }) => activation.name !== name)) {
    throw new RidgeflowError('UNSUPPORTED', 'Files hold networks with the same activation in all layers');
  }
  const steps = network.layers.map(({ step }) => step);
  return { layers, description: { kind: 'residual', activation: name, steps, from: network.times[0] } };
}

/** The network of these layers. Throws what its parts throw where they do not fit. */
export function assembleNetwork(description: NetworkDescription, layers: readonly ShallowNetwork[]): Network {
  const { kind, steps = [], from } = description;
  if (kind === 'shallow') return layers[0];
  return new ResidualNetwork({ layers: layers.map((network, l) => ({ network, step: steps[l] })), from });
}

/** A description as it stands in a file, or undefined where it is none. */
export function parseDescription(text: string | undefined): NetworkDescription | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, activation, steps } = value as Partial<NetworkDescription>;
  if (typeof activation !== 'string') return undefined;
  if (kind === 'shallow') return value as NetworkDescription;
  const listed = Array.isArray(steps) && steps.length > 0 && steps.every((step) => typeof step === 'number');
  return kind === 'residual' && listed ? (value as NetworkDescription) : undefined;
}
