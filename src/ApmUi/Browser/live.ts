// <apm-live src version to>: asks every second whether anything came in; when it did, the page is rendered anew.
// While the pointer is over a list, text is selected, a row is unfolded or something is typed, the page holds still and says how many wait.

import { tellClock } from './clock';
import { held } from './held';
import { el } from './island';
import { refresh } from './nav';

const pollMs = 1000;

/** Under steady traffic a live page is rendered this often; a burst after a quiet while is shown poll by poll. */
const refreshMs = 5000;

/** Renderings that a quiet while saves up for a burst. */
const burst = 4;

/** So often the axes move on, even when no span came in; a page of metrics, of which the pulse knows nothing, as often as under traffic. */
const idleMs = 20_000;

interface Pulse { version: string; spans: number }

class ApmLive extends HTMLElement {
  #timer = 0;
  #busy = false;
  #etag = '';
  #last = performance.now();
  #credit = burst;
  #chip: HTMLElement | null = null;
  #undo: (() => void)[] = [];

  static observedAttributes = ['version'];

  connectedCallback(): void {
    this.#timer = window.setInterval(() => void this.#poll(), pollMs);
    const visible = () => { if (!document.hidden) void this.#poll(); };
    document.addEventListener('visibilitychange', visible);
    this.#undo.push(() => document.removeEventListener('visibilitychange', visible));
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
    for (const undo of this.#undo.splice(0)) undo();
  }

  /**
   * The page was rendered anew, by us or by a navigation; what is not of the server, as the chip, goes with that.
   * Nothing may be removed here: this runs in the midst of the merge, which then loses its place among the siblings.
   */
  attributeChangedCallback(): void {
    this.#chip = null;
  }

  async #poll(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src || document.hidden || this.#busy) return;
    this.#busy = true;
    try {
      const response = await fetch(src, { headers: this.#etag ? { 'if-none-match': this.#etag } : {}, cache: 'no-store' });
      this.#setOffline(!response.ok && response.status !== 304);
      if (tellClock(response) && !held()) refresh();
      if (response.ok && response.status !== 304) {
        this.#etag = response.headers.get('etag') ?? '';
        this.#heard(await response.json() as Pulse);
      } else if (performance.now() - this.#last > (document.querySelector('[data-often]') ? refreshMs : idleMs) && !held()) {
        this.#render();
      }
    } catch {
      this.#setOffline(true);
    } finally {
      this.#busy = false;
    }
  }

  #heard(pulse: Pulse): void {
    if (pulse.version === this.getAttribute('version')) return;
    this.#etag = ''; // What is not shown yet must be heard again.
    if (held()) {
      const shown = this.getAttribute('spans');
      if (shown !== null) this.#wait(pulse.spans - Number(shown)); // Without it the page shows no spans, and nobody waits for more of them.
      return;
    }
    this.#credit = Math.min(burst, this.#credit + (performance.now() - this.#last) / refreshMs);
    this.#last = performance.now();
    if (this.#credit < 1) return;
    this.#credit--;
    this.#render();
  }

  #render(): void {
    this.#last = performance.now();
    refresh();
  }

  #wait(fresh: number): void {
    const text = fresh > 0 ? `${fresh} new span${fresh === 1 ? '' : 's'}` : 'Changes';
    if (!this.#chip?.isConnected) {
      this.#chip = el('button', { type: 'button', class: 'btn waiting' });
      this.#chip.addEventListener('click', () => refresh());
      document.body.append(this.#chip);
    }
    this.#chip.textContent = `${text} · show`;
  }

  /** The server does not answer: said in place of "Live", and taken back by the next answer. */
  #setOffline(offline: boolean): void {
    document.documentElement.classList.toggle('offline', offline);
  }
}

customElements.define('apm-live', ApmLive);
