// <apm-flame src span zoom color>: one trace as a flame graph on a canvas. Rows come from the server, so that what ran side by
// side does not overlap. A list of the spans in sight mirrors it for keyboards and screen readers.

import { micros } from './format';
import { el } from './island';
import { type ColorBy, FlamePicture, type FlameState, laneHeight } from './flame-picture';
import { type Skeleton, endOf, isCritical, isError, serviceOf, titleOf } from './skeleton';
import { traceHost } from './trace-host';
import { TraceIsland, barButton } from './trace-island';
import type { Range } from './trace-range';
import style from './flame.css';
import shared from './waterfall.css';

/** So many of the spans in sight are in the list: the widest. */
const listed = 200;

class ApmFlame extends TraceIsland {
  #picture: FlamePicture | null = null;
  #errors: number[] = [];
  #back: { shown: Range; scrollTop: number }[] = [];
  #scrollTop = 0;
  #cursor = 0;
  #hover = -1;
  #criticalOnly = false;
  #listing = 0;
  #isListFocused = false;

  #nextError = barButton('Next error', 'x', () => this.jump(this.#errors, 1));
  #critical = barButton('Critical path', 'k', () => this.#toggleCritical(), true);
  #whole = barButton('Whole trace', '0', () => this.whole());
  #by = new Map<ColorBy, HTMLButtonElement>((['service', 'host', 'self'] as const).map(by => [by, el('button', { type: 'button', 'aria-pressed': 'false' }, by === 'self' ? 'own time' : by) as HTMLButtonElement]));
  #legend = el('div', { class: 'legend' });
  #canvas = el('canvas', { 'aria-hidden': 'true' }) as HTMLCanvasElement;
  #stage = el('div', { class: 'stage' }, this.#canvas);
  #tip = el('div', { class: 'tip', hidden: true });
  #list = el('ul', { class: 'vh list', 'aria-label': 'Spans in sight, widest first' });

  constructor() {
    super(shared + style);
    const seg = el('span', { class: 'by', role: 'group', 'aria-label': 'Colour by' }, ...this.#by.values());
    const bar = el('div', { class: 'bar' }, this.find.input, this.find.next, this.find.say, el('span', { class: 'gap' }), el('span', { class: 'mute' }, 'Colour by'), seg, this.#nextError, this.#critical, this.#whole);
    this.#stage.append(this.#tip);
    this.root.append(bar, this.minimap.element, el('div', { class: 'head flat' }, this.ticks), this.#legend, this.#stage, this.#list, this.live);
    for (const [by, button] of this.#by) button.addEventListener('click', () => traceHost().show({ color: by === 'service' ? null : by }, true));
    this.#stage.addEventListener('wheel', event => this.#wheel(event), { passive: false });
    this.#stage.addEventListener('pointerdown', event => this.#drag(event));
    this.#stage.addEventListener('pointermove', event => this.#point(event));
    this.#stage.addEventListener('pointerleave', () => { this.#hover = -1; this.#tip.hidden = true; this.schedule(); });
    this.#list.addEventListener('focusin', event => this.#onListFocus(event));
    this.#list.addEventListener('focusout', () => { this.#isListFocused = false; this.schedule(); });
    this.#list.addEventListener('click', event => {
      const i = Number((event.target as HTMLElement).closest<HTMLElement>('button')?.dataset['span'] ?? -1);
      if (i >= 0) this.#enter(i);
    });
  }

  /** For tests: what can be seen, and where a span lies on the canvas. */
  inspect(): object {
    return {
      spans: this.data?.count ?? 0,
      rows: this.#picture?.rows ?? 0,
      visible: this.#picture?.visible.length ?? 0,
      merged: this.#picture?.merged ?? 0,
      listed: this.#list.childElementCount,
      fromUs: this.shown.from, toUs: this.shown.to, scrollTop: this.#scrollTop,
      colorBy: this.#colorBy, cursor: this.#cursor, zooms: this.#back.length, matches: this.find.matches.length,
    };
  }

  /** For tests: place of a span in px of the canvas. */
  placeOf(i: number): object | undefined { return this.#picture?.place(i, this.#stage.clientWidth, this.#state); }

  get #colorBy(): ColorBy {
    const by = this.getAttribute('color');
    return by === 'host' || by === 'self' ? by : 'service';
  }

  get #state(): FlameState {
    const data = this.data!;
    const isDim = (i: number) => (this.find.isOn && !this.find.has(i)) || (this.#criticalOnly && !isCritical(data, i));
    return { shown: this.shown, scrollTop: this.#scrollTop, colorBy: this.#colorBy, selected: this.selected, cursor: this.#isListFocused || this.#walked ? this.#cursor : -1, hover: this.#hover, isDim };
  }

  #walked = false;

  protected onData(data: Skeleton): void {
    this.#picture = new FlamePicture(data);
    this.#errors = [];
    for (let i = 0; i < data.count; i++) if (isError(data, i)) this.#errors.push(i);
    this.#nextError.hidden = this.#errors.length === 0;
    this.#nextError.replaceChildren(`Next error (${this.#errors.length.toLocaleString('en')})`);
  }

  protected onFailure(shown: HTMLElement): void {
    this.#stage.replaceChildren(shown);
  }

  protected levels() { return { of: this.data!.lane!, depth: this.#picture!.rows }; }
  protected get cursorSpan(): number { return this.#cursor; }
  protected takeFocus(): void { (this.#list.querySelector('button') ?? this.find.input).focus(); }

  protected override onSize(): void {
    const top = this.#stage.getBoundingClientRect().top + window.scrollY;
    const room = Math.max(240, window.innerHeight - Math.min(top, window.innerHeight / 2) - 14);
    this.#stage.style.height = Math.min(Math.max(1, this.#picture?.rows ?? 1) * laneHeight + 1, room) + 'px';
    this.#scrollTo(this.#scrollTop);
  }

  protected override drawRange(): void {
    super.drawRange();
    this.#whole.disabled = !this.isZoomed;
  }

  protected draw(): void {
    const picture = this.#picture;
    const [width, height] = [this.#stage.clientWidth, this.#stage.clientHeight];
    if (!picture || width === 0) return;
    const scale = devicePixelRatio;
    if (this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }
    const ctx = this.#canvas.getContext('2d')!;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    picture.draw(ctx, width, height, this.#state);
    for (const [by, button] of this.#by) button.setAttribute('aria-pressed', String(by === this.#colorBy));
    this.#drawLegend(picture);
    clearTimeout(this.#listing);
    // The list follows once the view rests; one that has the focus keeps its place.
    this.#listing = window.setTimeout(() => this.#mirror(), 120);
  }

  #legendFor = '';

  #drawLegend(picture: FlamePicture): void {
    if (this.#legendFor === this.#colorBy) return;
    this.#legendFor = this.#colorBy;
    this.#legend.hidden = this.#colorBy === 'service'; // Services stand above, beside their colours.
    this.#legend.replaceChildren(...(this.#colorBy === 'host'
      ? picture.hosts().slice(0, 24).map(([host, token]) => { const chip = el('span', {}, el('i'), host); chip.style.setProperty('--c', `var(--${token})`); return chip; })
      : [el('span', {}, 'waited for others'), el('i', { class: 'scale' }), el('span', {}, 'worked itself')]));
  }

  #mirror(): void {
    const picture = this.#picture;
    const { data } = this;
    if (!picture || !data) return;
    const wanted = picture.visible.toSorted((a, b) => data.dur[b]! - data.dur[a]! || a - b).slice(0, listed);
    const focused = (this.root.activeElement as HTMLElement | null)?.dataset['span'];
    const had = new Map([...this.#list.children].map(item => [(item.firstElementChild as HTMLElement).dataset['span']!, item]));
    const items = wanted.map(i => {
      const item = had.get(String(i));
      if (item) return item;
      const button = el('button', { type: 'button', 'data-span': i });
      return el('li', {}, button);
    });
    for (const [at, item] of items.entries()) {
      const i = wanted[at]!;
      const button = item.firstElementChild!;
      const text = `${serviceOf(data, i)} ${titleOf(data, i).slice(0, 200)}, ${micros(data.dur[i]!)}, own time ${micros(data.self[i]!)}${isError(data, i) ? ', error' : ''}`;
      if (button.textContent !== text) button.textContent = text;
    }
    if (items.length === this.#list.childElementCount && items.every((item, at) => this.#list.children[at] === item)) return;
    this.#list.replaceChildren(...items);
    if (focused !== undefined) (this.#list.querySelector<HTMLElement>(`[data-span="${focused}"]`) ?? this.#list.querySelector('button'))?.focus();
  }

  #onListFocus(event: FocusEvent): void {
    const i = Number((event.target as HTMLElement).dataset['span'] ?? -1);
    if (i < 0) return;
    this.#isListFocused = true;
    this.#cursor = i;
    this.#bringUp(i);
    this.schedule();
  }

  #at(event: MouseEvent): { x: number; y: number; span: number } {
    const box = this.#stage.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return { x, y, span: this.#picture && this.data ? this.#picture.hit(x, y, box.width, this.#state) : -1 };
  }

  #point(event: PointerEvent): void {
    const { x, y, span } = this.#at(event);
    const { data } = this;
    if (span !== this.#hover) this.schedule();
    this.#hover = span;
    this.#tip.hidden = span < 0 || !data || event.pointerType === 'touch';
    if (this.#tip.hidden || !data) return;
    this.#tip.replaceChildren(
      el('b', {}, serviceOf(data, span)), el('div', {}, titleOf(data, span).slice(0, 300)),
      el('div', { class: 'mute' }, `${micros(data.dur[span]!)} · own ${micros(data.self[span]!)} · +${micros(data.start[span]!)}${isError(data, span) ? ' · error' : ''}`));
    const width = this.#stage.clientWidth;
    this.#tip.style.left = Math.max(0, Math.min(x + 12, width - this.#tip.offsetWidth - 4)) + 'px';
    this.#tip.style.top = y + 18 + this.#tip.offsetHeight > this.#stage.clientHeight && y > this.#tip.offsetHeight + 10 ? y - this.#tip.offsetHeight - 8 + 'px' : y + 18 + 'px';
  }

  /** A drag moves the picture; what moved less than 5 px was a click, which zooms to the span. */
  #drag(event: PointerEvent): void {
    if (event.button !== 0 || !this.data || !(event.target as HTMLElement).closest('canvas')) return;
    const begin = { x: event.clientX, y: event.clientY, shown: this.shown, scrollTop: this.#scrollTop };
    const { span } = this.#at(event);
    const abort = new AbortController();
    const { signal } = abort;
    let moved = false;
    this.#stage.setPointerCapture(event.pointerId);
    this.#stage.addEventListener('pointermove', e => {
      const [dx, dy] = [e.clientX - begin.x, e.clientY - begin.y];
      if (!moved && Math.hypot(dx, dy) < 5) return;
      moved = true;
      this.#stage.classList.add('moving');
      const us = dx / this.#stage.clientWidth * (begin.shown.to - begin.shown.from);
      this.#scrollTo(begin.scrollTop - dy);
      this.zoom({ from: begin.shown.from - us, to: begin.shown.to - us }, 'step');
    }, { signal });
    const done = () => { abort.abort(); this.#stage.classList.remove('moving'); };
    this.#stage.addEventListener('pointerup', () => {
      done();
      if (!moved && span >= 0) this.#enter(span);
    }, { signal });
    this.#stage.addEventListener('pointercancel', done, { signal });
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const box = this.#stage.getBoundingClientRect();
    const width = this.shown.to - this.shown.from;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan((event.deltaX || event.deltaY) / box.width * width);
    else this.zoomAt(this.shown.from + (event.clientX - box.left) / box.width * width, 1.0015 ** Math.max(-400, Math.min(400, event.deltaY)));
  }

  /** Zooms to a span and opens it; Backspace leads back. */
  #enter(i: number): void {
    if (!this.data) return;
    this.#cursor = i;
    const range = { from: this.data.start[i]!, to: Math.max(endOf(this.data, i), this.data.start[i]! + 1) };
    const isThere = Math.abs(range.from - this.shown.from) < 1 && Math.abs(range.to - this.shown.to) < 1;
    if (!isThere) {
      this.#back.push({ shown: this.shown, scrollTop: this.#scrollTop });
      this.zoom(range, 'step');
      this.#bringUp(i);
    }
    this.select(i, false);
  }

  #goBack(): void {
    const last = this.#back.pop();
    if (!last) { this.whole(); return; }
    this.#scrollTo(last.scrollTop);
    this.zoom(last.shown, 'step');
  }

  protected moveTo(index: number, select: boolean): void {
    if (!this.data) return;
    this.#cursor = index;
    this.#walked = true;
    const [from, to] = [this.data.start[index]!, endOf(this.data, index)];
    const width = this.shown.to - this.shown.from;
    // One that is out of sight, or too narrow to be seen, is brought near.
    if (to < this.shown.from || from > this.shown.to) this.zoom({ from: (from + to) / 2 - width / 2, to: (from + to) / 2 + width / 2 }, 'step');
    this.#bringUp(index);
    this.live.textContent = `${serviceOf(this.data, index)} ${titleOf(this.data, index)}, ${micros(this.data.dur[index]!)}`;
    if (select) this.select(index, true);
    this.schedule();
  }

  #bringUp(i: number): void {
    const top = (this.data?.lane?.[i] ?? 0) * laneHeight;
    if (top < this.#scrollTop) this.#scrollTo(top - laneHeight);
    else if (top + laneHeight > this.#scrollTop + this.#stage.clientHeight) this.#scrollTo(top + laneHeight * 2 - this.#stage.clientHeight);
  }

  #scrollTo(px: number): void {
    this.#scrollTop = Math.max(0, Math.min((this.#picture?.rows ?? 0) * laneHeight - this.#stage.clientHeight, px));
    this.schedule();
  }

  #toggleCritical(): void {
    this.#criticalOnly = !this.#criticalOnly;
    this.#critical.setAttribute('aria-pressed', String(this.#criticalOnly));
    this.schedule();
  }

  protected override key(key: string, target: HTMLElement): boolean {
    const { data } = this;
    if (!data) return false;
    const open = this.selected >= 0;
    switch (key) {
      case 'f': if (this.#cursor < data.count - 1) this.moveTo(this.#cursor + 1, open); return true;
      case 'b': if (this.#cursor > 0) this.moveTo(this.#cursor - 1, open); return true;
      case 'ArrowUp': if (data.parent[this.#cursor]! >= 0) this.moveTo(data.parent[this.#cursor]!, open); return true;
      case 'ArrowDown': if (data.parent[this.#cursor + 1] === this.#cursor) this.moveTo(this.#cursor + 1, open); return true;
      case 'ArrowLeft': case 'ArrowRight': this.#toSibling(key === 'ArrowRight', open); return true;
      case 'Enter':
        if (target.closest?.('a, button, summary')) return false;
        this.#enter(this.#cursor);
        return true;
      case 'Backspace': this.#goBack(); return true;
      case 'k': this.#toggleCritical(); return true;
      case 'x': this.jump(this.#errors, 1); return true;
      case 'X': this.jump(this.#errors, -1); return true;
      default: return super.key(key, target);
    }
  }

  #toSibling(next: boolean, open: boolean): void {
    const { data } = this;
    if (!data) return;
    const parent = data.parent[this.#cursor]!;
    for (let i = this.#cursor + (next ? 1 : -1); i > parent && i < data.count; i += next ? 1 : -1) {
      if (data.parent[i] === parent) { this.moveTo(i, open); return; }
      if (next && data.parent[i]! < parent) return;
    }
  }
}

customElements.define('apm-flame', ApmFlame);
