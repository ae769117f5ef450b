// What waterfall and flame graph share: the trace, the stretch of it that is shown, the find field, the minimap, the chosen span.

import { Island, el, failure } from './island';
import type { Skeleton } from './skeleton';
import { TraceFind } from './trace-find';
import { traceHost } from './trace-host';
import { Minimap, type Range, dragRange, drawTicks, readRange, within } from './trace-range';
import { onTheme } from './theme';

export abstract class TraceIsland extends Island {
  static observedAttributes = ['src', 'span', 'zoom', 'color'];

  protected data: Skeleton | null = null;
  protected shown: Range = { from: 0, to: 1 };
  protected readonly minimap = new Minimap();
  protected readonly ticks = el('div', { class: 'ticks', 'aria-hidden': 'true' });
  protected readonly find = new TraceFind(() => this.getAttribute('src') ?? '', jump => this.onFound(jump), by => this.jump(this.find.matches, by), () => this.takeFocus());
  protected readonly live = el('div', { class: 'vh', 'aria-live': 'polite' });
  #frame = 0;
  #selectTimer = 0;
  #zoomTimer = 0;

  constructor(style: string) {
    super(style);
    this.minimap.element.addEventListener('pointerdown', event => this.data && dragRange(event, this.minimap.element, { from: 0, to: this.data.totalUs }, range => this.zoom(range, 'gesture')));
    this.minimap.element.addEventListener('dblclick', () => this.whole());
    this.ticks.addEventListener('pointerdown', event => dragRange(event, this.ticks, this.shown, range => this.zoom(range, 'gesture')));
    this.ticks.addEventListener('dblclick', () => this.whole());
  }

  /** The trace is there: build what is drawn. */
  protected abstract onData(data: Skeleton, before: Skeleton | null): void;
  protected abstract draw(): void;
  /** Depth or row of each span, and the greatest, for the minimap. */
  protected abstract levels(): { of: ArrayLike<number>; depth: number };
  protected abstract get cursorSpan(): number;
  /** Moves to a span and shows where it is. */
  protected abstract moveTo(index: number, select: boolean): void;
  protected abstract takeFocus(): void;
  protected onSize(): void { /* The waterfall sets its height. */ }

  override connectedCallback(): void {
    super.connectedCallback();
    const size = new ResizeObserver(() => this.resized());
    size.observe(this);
    this.onDisconnect(() => size.disconnect());
    this.onDisconnect(onTheme(() => this.resized()));
    this.listen(document, 'keydown', (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !this.data) return;
      const target = event.composedPath()[0] as HTMLElement;
      if (target.closest?.('input, select, textarea, dialog, [popover]')) return;
      if (this.key(event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' + event.key : event.key, target)) event.preventDefault();
    });
    this.listen(window, 'resize', () => this.resized());
    void this.load();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isStarted || before === after) return;
    if (name === 'src') void this.load();
    else if (name === 'zoom' && this.data) {
      // Back and Forward; our own zoom is here already.
      const range = readRange(after, this.data.totalUs) ?? { from: 0, to: this.data.totalUs };
      if (this.#zoomText(range) !== this.#zoomText(this.shown)) this.zoom(range, 'follow');
    } else this.schedule();
  }

  protected async load(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.data) this.state = 'loading';
    try {
      const data = await traceHost().load(url => this.fetchJson<Skeleton>(url), src);
      if (!data) return;
      const started = performance.now();
      const before = this.data;
      this.data = data;
      this.shown = readRange(this.getAttribute('zoom'), data.totalUs) ?? { from: 0, to: Math.max(1, data.totalUs) };
      this.onData(data, before);
      if (this.find.text === '') this.find.start(new URL(location.href).searchParams.get('find') ?? '');
      const wanted = this.selected;
      if (wanted >= 0 && wanted < data.count) this.moveTo(wanted, false);
      this.resized();
      this.state = data.count === 0 ? 'empty' : 'ready';
      // To the frame that shows it: what is computed but not painted yet is not there.
      requestAnimationFrame(() => setTimeout(() => { this.dataset['drawMs'] = String(Math.round(performance.now() - started)); }));
    } catch (error) {
      this.onFailure(failure(error instanceof Error ? error.message : String(error), () => void this.load()));
      this.state = 'error';
    }
  }

  protected abstract onFailure(shown: HTMLElement): void;

  /** The span in the panel; −1 when it is closed. */
  protected get selected(): number {
    const text = this.getAttribute('span');
    return text === null || text === '' ? -1 : Number(text);
  }

  protected select(index: number | null, soon: boolean): void {
    clearTimeout(this.#selectTimer);
    const wasOpen = this.selected >= 0;
    // Walking with the keys refines one gesture; opening and closing the panel are gestures of their own.
    this.#selectTimer = window.setTimeout(() => traceHost().show({ span: index }, wasOpen && index !== null), soon ? 160 : 0);
  }

  /** @param how A gesture is an entry of the history; a step (wheel, key) refines the last; to follow is to do what the address says. */
  protected zoom(range: Range, how: 'gesture' | 'step' | 'follow'): void {
    if (!this.data) return;
    this.shown = within(range, this.data.totalUs);
    this.drawRange();
    this.schedule();
    if (how === 'follow') return;
    clearTimeout(this.#zoomTimer);
    this.#zoomTimer = window.setTimeout(() => traceHost().show({ zoom: this.#zoomText(this.shown) }, how === 'step'), how === 'step' ? 600 : 0);
  }

  protected whole(): void {
    if (this.data && this.isZoomed) this.zoom({ from: 0, to: this.data.totalUs }, 'gesture');
  }

  protected get isZoomed(): boolean { return this.shown.from > 0 || this.shown.to < (this.data?.totalUs ?? 0); }

  #zoomText(range: Range): string | null {
    return range.from <= 0 && range.to >= (this.data?.totalUs ?? 0) ? null : `${Math.floor(range.from)}-${Math.ceil(range.to)}`;
  }

  /** Wheel with Ctrl, or plain where the whole surface is time: in or out at the pointer. */
  protected zoomAt(pivot: number, factor: number): void {
    this.zoom({ from: pivot - (pivot - this.shown.from) * factor, to: pivot + (this.shown.to - pivot) * factor }, 'step');
  }

  protected pan(byUs: number): void {
    this.zoom({ from: this.shown.from + byUs, to: this.shown.to + byUs }, 'step');
  }

  protected drawRange(): void {
    if (!this.data) return;
    const { of, depth } = this.levels();
    this.minimap.draw(this.data, of, depth, this.shown);
    drawTicks(this.ticks, this.shown);
  }

  protected resized(): void {
    if (!this.data) return;
    this.onSize();
    this.drawRange();
    this.schedule();
  }

  protected schedule(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.data) this.draw();
    });
  }

  protected onFound(jump: boolean): void {
    if (jump && this.find.matches.length > 0) this.moveTo(this.find.matches[0]!, false);
    this.schedule();
  }

  protected jump(among: number[], by: number): void {
    if (among.length === 0) return;
    const here = this.cursorSpan;
    const target = by > 0 ? among.find(i => i > here) ?? among[0]! : among.findLast(i => i < here) ?? among[among.length - 1]!;
    this.moveTo(target, true);
    if (among === this.find.matches) this.find.tellPlace(target);
  }

  /** Keys that both views have. True when it was one. */
  protected key(key: string, _target: HTMLElement): boolean {
    const width = this.shown.to - this.shown.from;
    const middle = (this.shown.from + this.shown.to) / 2;
    switch (key) {
      case 'Shift+ArrowRight': this.pan(width / 4); return true;
      case 'Shift+ArrowLeft': this.pan(-width / 4); return true;
      case 'Shift+ArrowUp': this.zoomAt(middle, 0.5); return true;
      case 'Shift+ArrowDown': this.zoomAt(middle, 2); return true;
      case 'Escape':
        if (this.selected < 0) return false;
        this.select(null, false);
        return true;
      case 'n': this.jump(this.find.matches, 1); return true;
      case 'N': this.jump(this.find.matches, -1); return true;
      case '0': this.whole(); return true;
      case '/': this.find.input.focus(); this.find.input.select(); return true;
      default: return false;
    }
  }
}

/** A button of the bar; its key stands in the tooltip. */
export function barButton(text: string, key: string, does: () => void, isToggle = false): HTMLButtonElement {
  const made = el('button', { type: 'button', title: `${text} (${key})`, 'aria-pressed': isToggle ? 'false' : null }, text) as HTMLButtonElement;
  made.addEventListener('click', does);
  return made;
}
