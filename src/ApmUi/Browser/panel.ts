// The grip between a page and the panel at its right: dragged, or moved by the arrow keys, and remembered. A double click gives the usual width.

import { setCookie } from './preferences';

const [usualPx, minPx, stepPx] = [480, 320, 24];

const gripOf = (event: Event) => (event.target as Element).closest<HTMLElement>('[data-grip]');

function widest(grip: HTMLElement): number {
  return Math.max(minPx, Math.floor(grip.parentElement!.clientWidth / 2));
}

/** The width that is seen: what is kept may be of a larger window. */
const seen = (grip: HTMLElement) => Math.round(grip.parentElement!.getBoundingClientRect().right - grip.getBoundingClientRect().right);

/** Shows a width; the server renders it from the next page on, once it is kept. */
function show(grip: HTMLElement, px: number): number {
  const width = Math.round(Math.min(widest(grip), Math.max(minPx, px)));
  document.documentElement.style.setProperty('--panel', `${width}px`);
  grip.setAttribute('aria-valuenow', String(width));
  grip.setAttribute('aria-valuemax', String(widest(grip)));
  return width;
}

function keep(px: number): void {
  setCookie('panel', px === usualPx ? '' : String(px));
}

document.addEventListener('pointerdown', event => {
  const grip = gripOf(event);
  if (!grip || event.button !== 0) return;
  const before = seen(grip);
  let width = before;
  const abort = new AbortController();
  const options = { signal: abort.signal };
  grip.toggleAttribute('data-selecting', true); // A live page waits meanwhile.
  abort.signal.addEventListener('abort', () => grip.removeAttribute('data-selecting'));
  event.preventDefault();
  grip.focus();
  grip.setPointerCapture(event.pointerId);
  grip.addEventListener('pointermove', e => { width = show(grip, before + event.clientX - e.clientX); }, options);
  grip.addEventListener('pointerup', () => { abort.abort(); keep(width); }, options);
  grip.addEventListener('pointercancel', () => { abort.abort(); show(grip, before); }, options);
  document.addEventListener('keydown', e => {
    if (e.key !== 'Escape') return;
    e.preventDefault();
    abort.abort();
    show(grip, before);
  }, { ...options, capture: true });
});

document.addEventListener('dblclick', event => {
  const grip = gripOf(event);
  if (grip) keep(show(grip, usualPx));
});

document.addEventListener('keydown', event => {
  const grip = gripOf(event);
  if (!grip || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  keep(show(grip, seen(grip) + (event.key === 'ArrowLeft' ? stepPx : -stepPx)));
}, true);
