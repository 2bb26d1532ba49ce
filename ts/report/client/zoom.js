/* global HTMLButtonElement, document */
import { findAll } from './dom.js';

/** Makes pictures fill the window when they are pressed, and go back when they are pressed again, or by Escape. */
export function mountZoom() {
  const buttons = findAll(document, 'button.zoom', HTMLButtonElement);
  /** @param {HTMLButtonElement | undefined} chosen */
  const enlarge = (chosen) => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button === chosen));
  };
  for (const button of buttons) {
    button.addEventListener('click', () =>
      enlarge(button.getAttribute('aria-pressed') === 'true' ? undefined : button),
    );
  }
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') enlarge(undefined);
  });
}
