/* global HTMLButtonElement */
import { findAll } from './dom.js';
import { decodeFrames, decodeIntegers, interpolate } from './frames.js';
import { drawPointsTogether, placePoints } from './points.js';

/** The largest level that a coordinate is quantised to. */
const LEVELS = 65535;

/**
 * A moving cloud of points. `attach` gives it the Vega view that draws it, `show` moves it; either may come first.
 * Buttons with `data-class` inside `legend` make one class stand out.
 *
 * @param {import('../cloud.js').CloudData} cloud
 * @param {Element | null} legend
 */
export function createCloud(cloud, legend) {
  drawPointsTogether();
  const { rows, classNames, x, y } = cloud;
  const classes = cloud.classes === null ? new Uint16Array(rows.length) : decodeIntegers(cloud.classes);
  const runs = cloud.runs.map(({ frames }) => decodeFrames(frames, 16));
  const positions = new Float64Array(2 * rows.length);
  const state = { run: 0, time: 0, focus: -1, shown: 0 };
  /** @type {import('vega').View | null} */
  let view = null;
  // Vega keeps these objects: moved in place, they are not new data at every frame.
  /** @type {{ row: number, class: number, label: string, x: number, y: number }[]} */
  let points = [];
  /** @type {Map<number, { class: number, label: string, count: number, x: number, y: number, hidden: boolean }>} */
  let centres = new Map();

  const draw = () => {
    if (!view) return;
    interpolate(runs[state.run], state.time, positions);
    for (const centre of centres.values()) centre.x = centre.y = 0;
    points.forEach((point, i) => {
      point.x = x[0] + (positions[2 * i] / LEVELS) * (x[1] - x[0]);
      point.y = y[0] + (positions[2 * i + 1] / LEVELS) * (y[1] - y[0]);
      const centre = centres.get(point.class);
      if (centre) {
        centre.x += point.x / centre.count;
        centre.y += point.y / centre.count;
      }
    });
    const picture = { x: [...view.scale('x').domain()], y: [...view.scale('y').domain()] };
    const [unit, font, limit] = ['unit', 'font', 'limit'].map((name) => Number(view?.signal(name)) || 0);
    separate([...centres.values()], { unit, font, limit, ...picture });
    state.shown++;
    placePoints(view);
    view.signal('shown', state.shown).signal('focus', state.focus).run();
  };

  const buttons = legend ? findAll(legend, '[data-class]', HTMLButtonElement) : [];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const chosen = Number(button.dataset.class);
      state.focus = state.focus === chosen ? -1 : chosen;
      for (const other of buttons) {
        other.setAttribute('aria-pressed', String(Number(other.dataset.class) === state.focus));
      }
      draw();
    });
  }

  return {
    /** @param {import('vega').View} drawing */
    attach(drawing) {
      view = drawing;
      centres = new Map();
      points = rows.map((row, i) => {
        const label = classNames[classes[i]] ?? '';
        const centre = centres.get(classes[i]) ?? {
          class: classes[i],
          label,
          count: 0,
          x: 0,
          y: 0,
          hidden: false,
        };
        centres.set(classes[i], centre);
        centre.count++;
        return { row, class: classes[i], label, x: 0, y: 0 };
      });
      view.data('points', points).data('centres', [...centres.values()]);
      draw();
    },
    /**
     * @param {number} run
     * @param {number} time
     */
    show(run, time) {
      state.run = run;
      state.time = time;
      draw();
    },
  };
}

/** Height of a label and the mean width of a letter of it, in parts of the size of its font. */
const LINE = 1.15;
const LETTER = 0.6;

/**
 * Moves labels that lie on top of each other apart, from the lowest to the highest, and all of them into the picture;
 * those that find no place in it are hidden.
 *
 * @param {{ label: string, x: number, y: number, hidden: boolean }[]} labels
 * @param {{ unit: number, font: number, limit: number, x: number[], y: number[] }} picture length of a pixel, size of the
 *   font and greatest width of a label in pixels, and both ends of each axis
 */
export function separate(labels, { unit, font, limit, x, y }) {
  const placed = labels.slice(0, 0);
  const [line, width] = [
    LINE * font * unit,
    (/** @type {string} */ text) => unit * Math.min(limit, LETTER * font * text.length),
  ];
  for (const label of [...labels].sort((a, b) => a.y - b.y)) {
    const half = width(label.label) / 2;
    label.x = Math.max(x[0] + half, Math.min(x[1] - half, label.x));
    label.y = Math.max(y[0] + line / 2, label.y);
    // Those below it from the lowest on: each may push it up, and none again that is done.
    for (const other of placed.sort((a, b) => a.y - b.y)) {
      const apart =
        Math.abs(label.x - other.x) >= half + width(other.label) / 2 || Math.abs(label.y - other.y) >= line;
      if (!apart) label.y = other.y + line;
    }
    label.hidden = label.y > y[1] - line / 2 + 1e-9 * unit;
    if (!label.hidden) placed.push(label);
  }
}
