// <apm-distribution min max>: makes a latency histogram, drawn by the server, answer to the mouse:
// a drag selects a band of durations (logarithmic axis), which goes into the address.

import { duration } from './format';
import { el } from './island';
import { dragPx, go, urlWith } from './nav';

class ApmDistribution extends HTMLElement {
  #abort: AbortController | null = null;

  connectedCallback(): void {
    this.#abort = new AbortController();
    this.addEventListener('pointerdown', event => this.#drag(event), { signal: this.#abort.signal });
    this.dataset['state'] = 'ready';
  }

  disconnectedCallback(): void {
    this.#abort?.abort();
  }

  #drag(event: PointerEvent): void {
    const plot = this.querySelector<HTMLElement>('.dist-plot');
    if (!plot || event.button !== 0 || !plot.contains(event.target as Node)) return;
    const box = plot.getBoundingClientRect();
    const share = (e: PointerEvent) => Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    const min = Math.log(Number(this.getAttribute('min')));
    const max = Math.log(Number(this.getAttribute('max')));
    const nanos = (at: number) => Math.round(Math.exp(min + at * (max - min)));
    const start = share(event);
    const band = el('div', { class: 'dist-drag' }, el('span'));
    const abort = new AbortController();
    const stop = () => { abort.abort(); band.remove(); };
    this.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.addEventListener('pointermove', e => {
      const [a, b] = [Math.min(start, share(e)), Math.max(start, share(e))];
      band.style.left = a * 100 + '%';
      band.style.width = (b - a) * 100 + '%';
      band.firstElementChild!.textContent = `${duration(nanos(a))} – ${duration(nanos(b))}`;
      plot.append(band);
    }, { signal: abort.signal });
    this.addEventListener('pointerup', e => {
      stop();
      if (Math.abs(e.clientX - event.clientX) < dragPx) return;
      const [a, b] = [Math.min(start, share(e)), Math.max(start, share(e))];
      go(urlWith({ band: `${nanos(a)}-${nanos(b)}` }));
    }, { signal: abort.signal });
    document.addEventListener('keydown', e => { if (e.key === 'Escape') stop(); }, { signal: abort.signal });
  }
}

customElements.define('apm-distribution', ApmDistribution);
