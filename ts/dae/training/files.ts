import { fileError } from '../../io/errors.js';
import { type Safetensors, readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import type { WriteOptions } from '../../io/write.js';
import { type AnyTrainedDae, type DaeKind, assembleDae, kindOf, layersOf } from './kind.js';
import { type LayerFacts, factsOf, layersFrom, tensorsOf } from './layer-tensors.js';
import { checkSeal, sealed } from '../../io/seal.js';
import { checkCall } from '../../core/call.js';
import { SIGNATURES } from '../signatures.js';

/** What a file says of an autoencoder beside its tensors. */
interface Description {
  kind: DaeKind;
  layers: LayerFacts[];
}

const DESCRIPTION = 'ridgeflow.dae';

/**
 * Writes a trained autoencoder, a composition or a stack as a safetensors file, in the element type it was trained in:
 * `layers.<l>.A`, `.b`, `.C`, `.c` and the loss curve `.history` of each layer, and a checksum. Atomic.
 *
 * @throws INVALID_ARGUMENT for another object; FILE_WRITE, ABORTED.
 */
export async function writeDae(path: string, dae: AnyTrainedDae, options: WriteOptions = {}): Promise<void> {
  checkCall(SIGNATURES.writeDae, { path, dae, options });
  const kind = kindOf(dae);
  const layers = layersOf(dae);
  const description: Description = { kind, layers: factsOf(layers) };
  const tensors = tensorsOf(layers);
  const metadata = sealed(tensors, DESCRIPTION, description);
  await writeSafetensors(path, tensors, { metadata, signal: options.signal });
}

/**
 * Reads what {@link writeDae} wrote: the same map to the last bit. `encode` in it tells a stack, `network` one autoencoder.
 * A file without a checksum, as versions before it wrote them, is read with a warning of the process.
 *
 * @throws FILE_NOT_FOUND, FILE_TRUNCATED; FILE_FORMAT where it is another file, its checksum is wrong or its layers do not fit; ABORTED.
 */
export async function readDae(path: string, options: { signal?: AbortSignal } = {}): Promise<AnyTrainedDae> {
  checkCall(SIGNATURES.readDae, { path, options });
  const file = await readSafetensors(path, options);
  if (file.metadata[DESCRIPTION] !== undefined) checkSeal(file, DESCRIPTION, path);
  try {
    return assembled(file);
  } catch (cause) {
    throw fileError('FILE_FORMAT', {
      file: path,
      problem: 'it does not hold an autoencoder that ridgeflow wrote',
      remedy: 'Only files of writeDae can be read back',
      cause,
    });
  }
}

function assembled({ tensors, metadata }: Safetensors): AnyTrainedDae {
  const { kind, layers: facts } = JSON.parse(metadata[DESCRIPTION] ?? '') as Description;
  return assembleDae(kind, layersFrom(tensors, facts));
}
