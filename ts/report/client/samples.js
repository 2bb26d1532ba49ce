/* global document, ImageData */
import { decodeBytes } from './frames.js';

/**
 * What a page shows of an example where one points at it: its image and its text, by the row that the mark names.
 *
 * @param {import('../samples.js').ExampleSamples} samples
 * @param {readonly number[]} rows the row of each sample
 */
export function createSamples({ texts, images }, rows) {
  const places = new Map(rows.map((row, i) => [row, i]));
  const pixels = images && decodeBytes(images.pixels);

  /**
   * @param {Record<string, unknown>} value
   * @returns {HTMLElement[]}
   */
  return (value) => {
    const place = places.get(Number(value.Row));
    if (place === undefined || value.Row === undefined) return [];
    /** @type {HTMLElement[]} */
    const shown = [];
    if (images && pixels) shown.push(imageOf(images, pixels, place));
    if (texts) {
      const text = document.createElement('div');
      text.textContent = texts[place];
      shown.push(text);
    }
    return shown;
  };
}

/**
 * @param {NonNullable<import('../samples.js').ExampleSamples['images']>} images
 * @param {Uint8Array} pixels
 * @param {number} place
 */
function imageOf({ width, height, channels }, pixels, place) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.className = 'thumbnail';
  canvas.style.aspectRatio = `${width} / ${height}`;
  const image = new ImageData(width, height);
  const from = place * width * height * channels;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++)
      image.data[4 * i + c] = pixels[from + i * channels + (channels === 3 ? c : 0)];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
