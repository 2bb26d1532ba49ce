import { type FloatData, allocate, dtypeOf } from '../../core/array.js';
import { rowsOf } from '../checks.js';
import type { Matrix, RunControl } from '../contract.js';
import type { World } from './world.js';

/** A cloud whose rows all ranks hold, as it goes round: its points and what belongs to each of them. */
export interface Travelling {
  points: Matrix;
  /** One value for each point: log-weights, say. */
  values?: FloatData | Int32Array;
}

/** Some rows of the whole cloud, of one rank's share. */
export interface Tile extends Travelling {
  /** Number of its first row in the whole cloud. */
  first: number;
  /** Where its rows begin among those of this rank's own share, where they are of that. */
  own?: number;
}

/** Bytes of a tile at most, where the sums over it gain from many points, and else. */
const TILE_BYTES = { large: 1 << 25, small: 1 << 22 };
/** Below this many rows kernels are slow. */
const LEAST_ROWS = 1024;

/**
 * Passes the cloud round the ring of ranks in tiles, and calls `visit` with each of them, one at a time: every rank sees
 * every row once, its own first. While a tile is looked at, the next one travels. The order, and so every rounding, depends on
 * the shares and the number of ranks alone. Memory: two tiles. A rank sends all shares but that of the next rank.
 *
 * @param shares rows of each rank's share.
 * @param large whether tiles should be large: kernels that leave out or gather far points want many at once.
 */
export async function visitAll(
  world: World,
  { points, values }: Travelling,
  shares: readonly number[],
  large: boolean,
  visit: (tile: Tile, run: RunControl) => Promise<void>,
  run: RunControl = {},
): Promise<void> {
  const { rank, size } = world;
  const d = points.columns;
  const rowBytes = points.data.BYTES_PER_ELEMENT * (d + (values ? 1 : 0));
  const bytes = large ? TILE_BYTES.large : TILE_BYTES.small;
  const tileRows = Math.max(LEAST_ROWS, Math.floor(bytes / rowBytes));
  const rounds = Math.ceil(Math.max(...shares) / tileRows);
  const firsts = shares.map((_, r) => shares.slice(0, r).reduce((a, b) => a + b, 0));
  /** Of the tile of this round that rank r gives: where it begins in its share, and its rows. */
  const tileOf = (r: number, round: number) => {
    const own = Math.min(shares[r], round * tileRows);
    return { own, rows: Math.min(shares[r], own + tileRows) - own };
  };
  const most = Math.min(tileRows, Math.max(...shares));
  // Before anything travels: who cannot hold a tile must say so while the others listen.
  const room = await world.allDone(
    (async () => [rowsLike(points, values, most), rowsLike(points, values, most)])(),
  );
  for (let round = 0; round < rounds; round++) {
    let { own, rows } = tileOf(rank, round);
    let tile: Tile = { ...part({ points, values }, own, rows), first: firsts[rank] + own, own };
    for (let step = 0; step < size; step++) {
      const from = (rank - step - 1 + size) % size;
      ({ own, rows } = tileOf(from, round));
      const next = part(room[step % 2], 0, rows);
      const passed = step < size - 1 ? passOn(world, tile, next) : undefined;
      const progress: RunControl = {
        signal: run.signal,
        onProgress: run.onProgress && ((f) => run.onProgress!((round + (step + f) / size) / rounds)),
      };
      const visited = tile.points.rows === 0 ? undefined : visit(tile, progress);
      // Both, even where the visit fails: the other ranks wait for the tile.
      const [looked] = await Promise.allSettled([visited, passed]);
      await world.allDone(
        looked.status === 'fulfilled' ? Promise.resolve() : Promise.reject(looked.reason as Error),
      );
      tile = { ...next, first: firsts[from] + own };
    }
  }
}

function rowsLike({ data, columns }: Matrix, values: Travelling['values'], rows: number): Travelling {
  return {
    points: {
      data: allocate(dtypeOf({ data }), rows * columns, 'a tile of points from another rank'),
      rows,
      columns,
    },
    values: values && new (values.constructor as new (length: number) => typeof values)(rows),
  };
}

/** Rows first … first + rows − 1, not copied. */
function part({ points, values }: Travelling, first: number, rows: number): Travelling {
  return { points: rowsOf(points, first, rows), values: values?.subarray(first, first + rows) };
}

/** Sends a tile on to the next rank, while one comes in from the one before. */
async function passOn({ addon }: World, sent: Travelling, received: Travelling): Promise<void> {
  await addon.pass({ sent: sent.points.data, received: received.points.data });
  if (sent.values) await addon.pass({ sent: sent.values, received: received.values! });
}
