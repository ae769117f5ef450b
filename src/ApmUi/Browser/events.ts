// <apm-events from to>: a strip of events on a time axis, drawn by the server. A drag over it zooms the page to that time.

import { clock } from './format';
import { el } from './island';
import { dragPx, showRange } from './nav';

class ApmEvents extends HTMLElement {
  #abort: AbortController | null = null;

  connectedCallback(): void {
    this.#abort = new AbortController();
    this.addEventListener('pointerdown', event => this.#drag(event), { signal: this.#abort.signal });
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
  }

  #drag(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest('a')) return;
    const box = this.getBoundingClientRect();
    const [from, to] = [Number(this.getAttribute('from')), Number(this.getAttribute('to'))];
    const ms = (e: PointerEvent) => from + Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)) * (to - from);
    const start = ms(event);
    const band = el('span', { class: 'events-drag' });
    const abort = new AbortController();
    const stop = () => { abort.abort(); band.remove(); };
    this.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.addEventListener('pointermove', e => {
      const [a, b] = [Math.min(start, ms(e)), Math.max(start, ms(e))];
      band.style.left = (a - from) / (to - from) * 100 + '%';
      band.style.width = (b - a) / (to - from) * 100 + '%';
      band.title = `${clock(a)} – ${clock(b)}`;
      this.append(band);
    }, { signal: abort.signal });
    this.addEventListener('pointerup', e => {
      stop();
      if (Math.abs(e.clientX - event.clientX) >= dragPx) showRange(start, ms(e));
    }, { signal: abort.signal });
    this.addEventListener('pointercancel', stop, { signal: abort.signal });
    document.addEventListener('keydown', e => { if (e.key === 'Escape') stop(); }, { signal: abort.signal });
  }
}

customElements.define('apm-events', ApmEvents);
