// <apm-scatter src>: traces as points of time and duration (logarithmic). A drag selects both, a click opens a trace, Escape lets go.

import style from './scatter.css';
import { clock, duration, zone } from './format';
import { el, failure, Island } from './island';
import { dragPx, go, urlWith } from './nav';
import { color, onTheme } from './theme';

interface ScatterData {
  fromMs: number;
  toMs: number;
  startMs: number[];
  nanos: number[];
  errors: number[];
  ids: string[];
  traceLink: string;
  query: string;
  note: string;
  summary: string;
}

const left = 58;
const bottom = 20;
const top = 8;
const right = 6;

class ApmScatter extends Island {
  static observedAttributes = ['src'];

  #data: ScatterData | null = null;
  #bad = new Set<number>();
  #lowest = 1;
  #highest = 10;
  #asTable = false;
  #stop: (() => void) | null = null;
  #at = -1;
  #canvas = document.createElement('canvas');
  #plot = el('div', { class: 'plot', tabindex: '0', role: 'group' });
  #tip = el('div', { class: 'tip', hidden: true });
  #legend = el('div', { class: 'legend' });
  #table = el('div', { class: 'tablewrap', tabindex: '0', hidden: true });
  #say = el('div', { class: 'vh', 'aria-live': 'polite' });

  constructor() {
    super(style + '.vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }');
    this.root.append(this.#plot, this.#table, this.#legend, this.#say);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#plot.style.height = this.#table.style.maxHeight = this.#height + 'px';
    const size = new ResizeObserver(() => this.#draw());
    size.observe(this.#plot);
    this.onDisconnect(() => { size.disconnect(); this.#stop?.(); });
    this.onDisconnect(onTheme(() => this.#draw()));
    this.listen(this.#plot, 'pointerdown', (event: PointerEvent) => this.#drag(event));
    this.listen(this.#plot, 'pointermove', (event: PointerEvent) => { if (!this.#stop) this.#hover(event); });
    this.listen(this.#plot, 'pointerleave', () => { this.#tip.hidden = true; });
    this.listen(this.#plot, 'keydown', (event: KeyboardEvent) => this.#key(event));
    void this.#load();
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (this.isStarted && before !== after) void this.#load();
  }

  /** For tests: what is drawn, and where on the page a point stands. */
  inspect(): object {
    const data = this.#data;
    const box = this.#plot.getBoundingClientRect();
    return {
      points: data?.ids.length ?? 0, errors: this.#bad.size, from: data?.fromMs, to: data?.toMs, lowest: this.#lowest, highest: this.#highest, note: data?.note,
      places: data?.ids.slice(0, 200).map((id, i) => ({ id, x: box.left + this.#x(i), y: box.top + this.#y(data.nanos[i]!), nanos: data.nanos[i], isError: this.#bad.has(i) })) ?? [],
    };
  }

  get #height(): number { return Number(this.getAttribute('height') ?? 168); }

  async #load(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.#data) this.state = 'loading';
    try {
      const data = await this.fetchJson<ScatterData>(src);
      if (!data) return;
      this.#data = data;
      this.#bad = new Set(data.errors);
      this.#at = -1;
      this.#lowest = Math.max(1000, Math.min(...data.nanos)) / 1.3;
      this.#highest = Math.max(this.#lowest * 10, Math.max(...data.nanos) * 1.3);
      this.#plot.setAttribute('aria-label', `${this.getAttribute('label') ?? ''}. ${data.summary}. Arrows go from trace to trace, Enter opens one.`);
      this.#drawLegend(data);
      this.#draw();
      this.state = data.ids.length === 0 ? 'empty' : 'ready';
    } catch (error) {
      this.#data = null;
      this.#legend.replaceChildren();
      this.#plot.replaceChildren(failure(error instanceof Error ? error.message : String(error), () => void this.#load()));
      this.state = 'error';
    }
  }

  get #width(): number { return this.#plot.clientWidth - left - right; }
  #x(i: number): number { return left + this.#data!.startMs[i]! / Math.max(1, this.#data!.toMs - this.#data!.fromMs) * this.#width; }
  #y(nanos: number): number {
    const share = Math.log(Math.max(nanos, this.#lowest) / this.#lowest) / Math.log(this.#highest / this.#lowest);
    return top + (1 - share) * (this.#height - top - bottom);
  }
  #msAt(x: number): number { return this.#data!.fromMs + Math.min(1, Math.max(0, (x - left) / this.#width)) * (this.#data!.toMs - this.#data!.fromMs); }
  #nanosAt(y: number): number {
    const share = Math.min(1, Math.max(0, 1 - (y - top) / (this.#height - top - bottom)));
    return this.#lowest * (this.#highest / this.#lowest) ** share;
  }

  #draw(): void {
    const data = this.#data;
    const width = this.#plot.clientWidth;
    if (!data || !this.isConnected || width === 0) return;
    if (data.ids.length === 0) {
      this.#plot.replaceChildren(el('div', { class: 'empty' }, data.summary));
      return;
    }
    if (this.#canvas.parentNode !== this.#plot) this.#plot.replaceChildren(this.#canvas, this.#tip);
    const scale = devicePixelRatio;
    this.#canvas.width = width * scale;
    this.#canvas.height = this.#height * scale;
    const c = this.#canvas.getContext('2d')!;
    c.scale(scale, scale);
    c.font = '11px system-ui, "Segoe UI", Roboto, sans-serif';
    this.#drawAxes(c, data, width);
    c.globalAlpha = data.ids.length > 600 ? 0.55 : 0.8;
    for (const isBad of [false, true]) { // Errors lie on top, and have another shape.
      c.fillStyle = color(isBad ? 'error' : 's0');
      data.nanos.forEach((nanos, i) => {
        if (this.#bad.has(i) !== isBad) return;
        const [x, y] = [this.#x(i), this.#y(nanos)];
        c.beginPath();
        if (isBad) { c.moveTo(x, y - 4); c.lineTo(x + 4, y); c.lineTo(x, y + 4); c.lineTo(x - 4, y); } else c.arc(x, y, 2.5, 0, 7);
        c.fill();
      });
    }
    c.globalAlpha = 1;
    if (this.#at < 0) return;
    c.strokeStyle = color('text');
    c.lineWidth = 1.5;
    c.beginPath();
    c.arc(this.#x(this.#at), this.#y(data.nanos[this.#at]!), 7, 0, 7);
    c.stroke();
  }

  #drawAxes(c: CanvasRenderingContext2D, data: ScatterData, width: number): void {
    c.fillStyle = color('text-2');
    c.strokeStyle = color('line');
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    const decades = Math.log10(this.#highest / this.#lowest);
    for (let e = Math.floor(Math.log10(this.#lowest)); e <= 13; e++) for (const m of decades > 3 ? [1] : [1, 3]) {
      const nanos = m * 10 ** e;
      if (nanos < this.#lowest || nanos > this.#highest) continue;
      const y = Math.round(this.#y(nanos)) + 0.5;
      c.beginPath();
      c.moveTo(left, y);
      c.lineTo(width - right, y);
      c.stroke();
      c.fillText(duration(nanos), left - 6, y);
    }
    const span = data.toMs - data.fromMs;
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800].map(s => s * 1000);
    const step = steps.find(s => span / s <= this.#width / 84) ?? span;
    c.textAlign = 'center';
    for (let ms = Math.ceil(data.fromMs / step) * step; ms <= data.toMs; ms += step) {
      const x = left + (ms - data.fromMs) / span * this.#width;
      if (x < left + 14 || x > width - 24) continue;
      c.fillText(clock(ms, span < 600_000, span > 36 * 3_600_000), x, this.#height - 7);
    }
  }

  #drawLegend(data: ScatterData): void {
    const button = el('button', { type: 'button', 'aria-pressed': this.#asTable, title: this.#asTable ? 'View as chart' : 'View as table' }, this.#asTable ? 'Chart' : 'Table');
    button.addEventListener('click', () => {
      this.#asTable = !this.#asTable;
      this.#plot.hidden = this.#asTable;
      this.#table.hidden = !this.#asTable;
      if (this.#asTable) this.#drawTable(data);
      this.#drawLegend(data);
      this.#draw();
    });
    const mark = (token: string, name: string, kind: string) => {
      const i = el('i', { class: kind });
      i.style.setProperty('--c', `var(--${token})`);
      return el('span', {}, i, name);
    };
    this.#legend.replaceChildren(mark('s0', 'ok', ''), mark('error', 'error', 'bad'), el('span', { class: 'note', title: data.note }, data.note), button);
  }

  #drawTable(data: ScatterData): void {
    const head = el('tr', {}, ...[`Time (${zone()})`, 'Duration', 'Status', 'Trace'].map(text => el('th', { scope: 'col' }, text)));
    const rows = data.ids.map((id, i) => el('tr', {}, el('td', {}, clock(data.fromMs + data.startMs[i]!, true, true)), el('td', {}, duration(data.nanos[i]!)),
      el('td', {}, this.#bad.has(i) ? 'error' : 'ok'), el('td', {}, el('a', { href: this.#linkOf(i) }, id.slice(-16)))));
    this.#table.replaceChildren(el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows.reverse())));
  }

  #linkOf(i: number): string { return this.#data!.traceLink.replace(/\{id\}|%7Bid%7D/i, this.#data!.ids[i]!); }

  #nearest(x: number, y: number): number {
    let [best, least] = [-1, (dragPx + 2) ** 2];
    this.#data!.nanos.forEach((nanos, i) => {
      const distance = (this.#x(i) - x) ** 2 + (this.#y(nanos) - y) ** 2;
      if (distance <= least) [best, least] = [i, distance];
    });
    return best;
  }

  #tell(i: number): void {
    const data = this.#data!;
    const text = `${clock(data.fromMs + data.startMs[i]!, true)} · ${duration(data.nanos[i]!)} · ${this.#bad.has(i) ? 'error' : 'ok'}`;
    this.#tip.textContent = text;
    this.#tip.hidden = false;
    const x = this.#x(i);
    this.#tip.style.left = Math.max(0, x + this.#tip.offsetWidth + 16 > this.#plot.clientWidth ? x - this.#tip.offsetWidth - 10 : x + 10) + 'px';
    this.#tip.style.top = Math.min(this.#height - 50, Math.max(0, this.#y(data.nanos[i]!) - 12)) + 'px';
  }

  #hover(event: PointerEvent): void {
    if (!this.#data || this.#data.ids.length === 0) return;
    const box = this.#plot.getBoundingClientRect();
    const i = this.#nearest(event.clientX - box.left, event.clientY - box.top);
    if (i < 0) this.#tip.hidden = true;
    else this.#tell(i);
  }

  #drag(event: PointerEvent): void {
    if (!this.#data || this.#data.ids.length === 0 || event.button !== 0) return;
    const box = this.#plot.getBoundingClientRect();
    const place = (e: PointerEvent): [number, number] => [
      Math.min(box.width - right, Math.max(left, e.clientX - box.left)), Math.min(this.#height - bottom, Math.max(top, e.clientY - box.top))];
    const [x0, y0] = place(event);
    const abort = new AbortController();
    const chosen = el('div', { class: 'box' });
    this.#stop = () => { abort.abort(); chosen.remove(); this.#tip.hidden = true; this.#stop = null; };
    this.#plot.setPointerCapture(event.pointerId);
    const moved = (e: PointerEvent) => Math.max(Math.abs(e.clientX - event.clientX), Math.abs(e.clientY - event.clientY)) >= dragPx;
    this.#plot.addEventListener('pointermove', e => {
      if (!moved(e)) { chosen.remove(); return; }
      const [x, y] = place(e);
      Object.assign(chosen.style, { left: Math.min(x, x0) + 'px', top: Math.min(y, y0) + 'px', width: Math.abs(x - x0) + 'px', height: Math.abs(y - y0) + 'px' });
      this.#plot.append(chosen);
      this.#tip.hidden = false;
      this.#tip.textContent = `${duration(this.#nanosAt(Math.max(y, y0)))} – ${duration(this.#nanosAt(Math.min(y, y0)))}`;
      this.#tip.style.left = Math.min(box.width - this.#tip.offsetWidth, Math.max(x, x0) + 8) + 'px';
      this.#tip.style.top = Math.max(0, Math.min(y, y0) - 4) + 'px';
    }, { signal: abort.signal });
    this.#plot.addEventListener('pointerup', e => {
      const [x, y] = place(e);
      this.#stop?.();
      if (moved(e)) {
        this.#select(Math.min(x, x0), Math.max(x, x0), Math.max(y, y0), Math.min(y, y0));
        return;
      }
      const i = this.#nearest(e.clientX - box.left, e.clientY - box.top);
      if (i >= 0) go(this.#linkOf(i));
    }, { signal: abort.signal });
    this.#plot.addEventListener('pointercancel', () => this.#stop?.(), { signal: abort.signal });
    document.addEventListener('keydown', e => {
      if (e.key !== 'Escape') return;
      this.#stop?.();
      e.preventDefault();
      e.stopPropagation();
    }, { signal: abort.signal, capture: true });
  }

  #select(x0: number, x1: number, yLow: number, yHigh: number): void {
    const from = Math.floor(this.#msAt(x0));
    const to = Math.max(from + 1000, Math.ceil(this.#msAt(x1)));
    // The bottom of the picture means no least duration: points below the scale are drawn on it.
    const least = yLow >= this.#height - bottom ? 0 : this.#nanosAt(yLow);
    const q = this.#data!.query.replace('{min}ns', round(least, Math.floor)).replace('{max}ns', round(this.#nanosAt(yHigh), Math.ceil));
    go(urlWith({ from, to, q, min: null, max: null, limit: null }));
  }

  #key(event: KeyboardEvent): void {
    const data = this.#data;
    if (!data || data.ids.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const by = event.key === 'ArrowLeft' ? -1 : 1;
        this.#at = this.#at < 0 ? (by < 0 ? data.ids.length - 1 : 0) : Math.min(data.ids.length - 1, Math.max(0, this.#at + by));
        this.#draw();
        this.#tell(this.#at);
        this.#say.textContent = this.#tip.textContent;
        break;
      }
      case 'Enter':
        if (this.#at < 0) return;
        go(this.#linkOf(this.#at));
        break;
      case 'Escape':
        if (this.#at < 0) return;
        this.#at = -1;
        this.#tip.hidden = true;
        this.#draw();
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Three digits, as `245ms`; rounded outwards so that what is inside the selection stays inside. */
function round(nanos: number, way: (value: number) => number): string {
  if (nanos < 1) return '0s';
  const size = 10 ** Math.max(0, Math.floor(Math.log10(nanos)) - 2);
  const rounded = way(nanos / size) * size;
  for (const [unit, each] of [['s', 1e9], ['ms', 1e6], ['us', 1e3]] as const) if (rounded >= each) return Number((rounded / each).toPrecision(6)) + unit;
  return Math.round(rounded) + 'ns';
}

customElements.define('apm-scatter', ApmScatter);
