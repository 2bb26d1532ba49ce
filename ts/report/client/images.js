/* global HTMLCanvasElement, ImageData */
import { look, onLook } from './charts.js';
import { findAll } from './dom.js';
import { decodeFrames, interpolate } from './frames.js';

/**
 * Points seen as images: where they started, and where they are now. `root` holds two canvases for each.
 *
 * @param {import('../images.js').ImageExamples} images
 * @param {Element} root
 */
export function createImages(images, root) {
  const { rows, columns, samples } = images;
  const pixels = rows * columns;
  const runs = images.runs.map(({ frames }) => decodeFrames(frames, 8));
  const levels = new Float64Array(samples.length * pixels);
  const canvases = findAll(root, 'canvas', HTMLCanvasElement);
  const state = { run: 0, time: 0 };

  /** @param {'start' | 'now'} which */
  const draw = (which) => {
    const [paper, ink] = images.colours[look()].map(channels);
    interpolate(runs[state.run], which === 'start' ? 0 : state.time, levels);
    samples.forEach((_, sample) => {
      const image = new ImageData(columns, rows);
      for (let i = 0; i < pixels; i++) {
        const level = levels[sample * pixels + i] / 255;
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = paper[c] + level * (ink[c] - paper[c]);
        image.data[4 * i + 3] = 255;
      }
      canvases[2 * sample + (which === 'start' ? 0 : 1)].getContext('2d')?.putImageData(image, 0, 0);
    });
  };
  const drawAll = () => {
    draw('start');
    draw('now');
  };
  drawAll();
  onLook(drawAll);

  return {
    /**
     * @param {number} run
     * @param {number} time
     */
    show(run, time) {
      state.run = run;
      state.time = time;
      draw('now');
    },
  };
}

/**
 * Red, green and blue of a colour such as #1c1e21.
 *
 * @param {string} hex
 */
function channels(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
