/* global window */

/**
 * @typedef {{
 *   datum: { x: number, y: number }, x: number, y: number, fill: string, fillOpacity: number, size: number, shape: string,
 *   bounds: { translate(dx: number, dy: number): void }
 * }} Point
 * @typedef {(context: CanvasRenderingContext2D, scene: { name?: string, items: Point[] }, bounds: unknown) => void} Draw
 */

/** The name of the marks that are drawn so. */
const POINTS = 'cloud-points';
/** Points that are drawn at once: no class covers all others. */
const AT_ONCE = 5000;

/**
 * Vega draws symbols one by one, which takes most of a frame for thousands: from now on those of one look are one path.
 */
export function drawPointsTogether() {
  /**
   * @type {{
   *   Marks: { symbol: { draw: Draw } },
   *   pathSymbols(shape: string): { draw(context: CanvasRenderingContext2D, size: number): void }
   * }}
   */
  const { Marks, pathSymbols } = /** @type {never} */ (
    /** @type {{ vega: unknown }} */ (/** @type {unknown} */ (window)).vega
  );
  const drawSymbols = Marks.symbol.draw;
  /** @type {Draw} */
  Marks.symbol.draw = function (context, scene, bounds) {
    if (scene.name !== POINTS) {
      drawSymbols.call(this, context, scene, bounds);
      return;
    }
    for (let from = 0; from < scene.items.length; from += AT_ONCE) {
      for (const items of byLook(scene.items.slice(from, from + AT_ONCE))) {
        const [{ fill, fillOpacity, shape, size }] = items;
        const symbol = pathSymbols(shape);
        context.beginPath();
        for (const { x, y } of items) {
          context.translate(x, y);
          symbol.draw(context, size);
          context.translate(-x, -y);
        }
        context.globalAlpha = fillOpacity;
        context.fillStyle = fill;
        context.fill();
      }
    }
  };
}

/**
 * @param {Point[]} points
 * @returns {Point[][]}
 */
function byLook(points) {
  /** @type {Map<string, Point[]>} */
  const looks = new Map();
  for (const point of points) {
    const key = point.fill + point.shape + point.fillOpacity;
    const alike = looks.get(key);
    if (alike) alike.push(point);
    else looks.set(key, [point]);
  }
  return [...looks.values()];
}

/**
 * The points of a view, and what holds them; none before it has run with its data.
 *
 * @param {import('vega').View} view
 */
function pointsOf(view) {
  const { root } = /** @type {{ root: { items: { items: { name?: string, items: Point[] }[] }[] } }} */ (
    /** @type {unknown} */ (view.scenegraph())
  );
  const [group] = root.items;
  const marks = group?.items.find(({ name }) => name === POINTS);
  return marks && { items: marks.items, group };
}

/**
 * Puts the points where their data are now, without Vega's going through all that may have changed; the next run of the view
 * draws them.
 *
 * @param {import('vega').View} view
 */
export function placePoints(view) {
  const found = pointsOf(view);
  if (!found) return;
  const [x, y] = ['x', 'y'].map((name) => {
    const scale = view.scale(name);
    const [[from, to], [start, end]] = [scale.domain(), scale.range()];
    const unit = (end - start) / (to - from);
    return { unit, offset: start - from * unit };
  });
  for (const item of found.items) {
    const left = x.offset + x.unit * item.datum.x;
    const top = y.offset + y.unit * item.datum.y;
    item.bounds.translate(left - item.x, top - item.y);
    item.x = left;
    item.y = top;
  }
  /** @type {{ dirty(item: unknown): void }} */ (/** @type {unknown} */ (view)).dirty(found.group);
}
