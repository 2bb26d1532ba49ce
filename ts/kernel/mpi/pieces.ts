import type { Tile } from './ring.js';

/** Some queries, and whether query i of them skips point i of the tile. */
export interface QueryPiece {
  first: number;
  rows: number;
  self: boolean;
}

/** The queries of this rank by whether they meet themselves in a tile: in one of their own share those of its rows do. */
export function selfPieces(queries: number, excludeSelf: boolean, { own, points }: Tile): QueryPiece[] {
  if (!excludeSelf || own === undefined) return [{ first: 0, rows: queries, self: false }].filter(notEmpty);
  const end = own + points.rows;
  return [
    { first: 0, rows: own, self: false },
    { first: own, rows: points.rows, self: true },
    { first: end, rows: queries - end, self: false },
  ].filter(notEmpty);
}

function notEmpty({ rows }: QueryPiece): boolean {
  return rows > 0;
}
