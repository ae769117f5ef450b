// What stands in the place of something that is still being read: nothing at first, then its outline, then how long it has taken.

import { el } from './island';

/** Sooner than this nobody notices that it was read. */
const outlineMs = 150;

/** After this long it is said what is being done. */
const wordsMs = 2000;

export class Awaited {
  #timers: number[] = [];

  /** Shows by the given function what stands there until it is stopped. */
  start(show: (content: HTMLElement) => void, what: string): void {
    this.stop();
    const begun = performance.now();
    const words = el('span', {});
    const say = () => { words.textContent = `${what}, ${Math.round((performance.now() - begun) / 1000)} s so far …`; };
    this.#timers = [
      window.setTimeout(() => show(el('div', { class: 'outline' }, words)), outlineMs),
      window.setTimeout(() => { say(); this.#timers.push(window.setInterval(say, 1000)); }, wordsMs),
    ];
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer); // Of intervals too: they have the same numbers.
  }
}
