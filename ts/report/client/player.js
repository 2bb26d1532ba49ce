/* global HTMLButtonElement, HTMLInputElement, HTMLOutputElement, performance, requestAnimationFrame */
import { find, findAll } from './dom.js';

/** Milliseconds that playing the whole motion takes. */
const DURATION = 5000;

/**
 * The controls of a motion: which run, the time along it, and play. Calls `onChange` with the number of the run and the
 * time, 0 to 1, at once and whenever one changes.
 *
 * @param {Element} root holds a range input, a button, an output, and radio buttons where there are several runs
 * @param {(run: number, time: number) => string} describe the state in words
 * @param {(run: number, time: number) => void} onChange
 * @param {number} [time] where it opens
 */
export function mountPlayer(root, describe, onChange, time = 0) {
  const slider = find(root, 'input[type=range]', HTMLInputElement);
  const button = find(root, 'button', HTMLButtonElement);
  const output = find(root, 'output', HTMLOutputElement);
  const radios = findAll(root, 'input[type=radio]', HTMLInputElement);
  let run = Math.max(
    0,
    radios.findIndex((radio) => radio.checked),
  );
  let playing = false;
  let started = 0;

  const show = () => {
    const words = describe(run, time);
    slider.value = String(Math.round(time * Number(slider.max)));
    slider.setAttribute('aria-valuetext', words);
    output.textContent = words;
    onChange(run, time);
  };
  /** @param {boolean} value */
  const setPlaying = (value) => {
    playing = value;
    button.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    button.classList.toggle('playing', playing);
  };
  /** @param {number} now */
  const step = (now) => {
    if (!playing) return;
    time = Math.min(1, Math.max(0, (now - started) / DURATION));
    if (time === 1) setPlaying(false);
    show();
    requestAnimationFrame(step);
  };

  button.addEventListener('click', () => {
    setPlaying(!playing);
    if (!playing) return;
    started = performance.now() - (time < 1 ? time : 0) * DURATION;
    requestAnimationFrame(step);
  });
  slider.addEventListener('input', () => {
    setPlaying(false);
    time = Number(slider.value) / Number(slider.max);
    show();
  });
  for (const radio of radios) {
    radio.addEventListener('change', () => {
      run = radios.indexOf(radio);
      show();
    });
  }
  show();
}
