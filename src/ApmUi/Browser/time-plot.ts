// What a chart and a heat map share: a plot over time with uPlot, its card, legend and table, the crosshair of the page, and a drag that zooms.

import uPlot from 'uplot';
import plotStyle from 'uplot/dist/uPlot.min.css';
import { Awaited } from './awaited';
import style from './chart.css';
import { type TimeData } from './chart-data';
import { clock, zone } from './format';
import { Island, el, failure } from './island';
import { dragPx, go, isZoomed, showRange, undoZoom } from './nav';
import { askForSnapshot } from './snapshot';
import { color, onTheme } from './theme';
import { tickSeconds } from './ticks';

/** Within this time a second click makes a double click, which undoes a zoom. */
const doubleClickMs = 250;

/** A plot is never lower than this, however many rows its legend has. */
const leastPx = 64;

export const axisFont = '11px system-ui, "Segoe UI", Roboto, sans-serif';

export abstract class TimePlot<T extends TimeData> extends Island {
  static observedAttributes = ['src', 'inline', 'height', 'label'];

  protected data: T | null = null;
  protected plot: uPlot | null = null;

  /** The bucket where a selection by keyboard began. */
  protected anchor: number | null = null;
  protected readonly box = el('div', { class: 'plot', tabindex: '0', role: 'group' });
  readonly #awaited = new Awaited();
  protected readonly card = el('div', { class: 'card' });
  protected readonly say = el('div', { class: 'vh', 'aria-live': 'polite' });
  #legend = el('div', { class: 'legend' });
  #table = el('div', { class: 'tablewrap', tabindex: '0', hidden: true });
  #asTable = false;
  #mouseDown = false;
  #selecting = false;
  #later: T | null = null;
  #clickTimer = 0;
  #downX = 0;

  constructor(ownStyle = '') {
    super(plotStyle + style + ownStyle);
    this.root.append(this.box, this.#table, this.#legend, this.say);
  }

  /** New data came, which is about to be drawn. */
  protected received(_data: T): void { /* Nothing is kept beside it. */ }

  protected abstract isEmpty(data: T): boolean;
  protected abstract makePlot(data: T, width: number): uPlot;

  /** The accessible name, without the events. */
  protected abstract nameOf(data: T): string;

  /** What stands in the legend, left of the button for the table. */
  protected abstract legendOf(data: T): HTMLElement;

  /** The numbers: names of the columns besides the time, and the rows, the oldest first. */
  protected abstract tableOf(data: T): { head: string[]; rows: HTMLElement[] };

  /** A key that was not meant for somebody else; false when it means nothing here. */
  protected abstract pressed(event: KeyboardEvent, plot: uPlot, data: T): boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#reserve();
    const size = new ResizeObserver(() => {
      const width = this.box.clientWidth;
      if (this.plot && width > 0 && (Math.abs(width - this.plot.width) > 1 || Math.abs(this.height - this.plot.height) > 1)) this.plot.setSize({ width, height: this.height });
      else if (!this.plot && this.data && width > 0) this.draw();
    });
    size.observe(this);
    this.onDisconnect(() => size.disconnect());
    this.onDisconnect(onTheme(() => this.draw()));
    this.listen(this.box, 'keydown', (event: KeyboardEvent) => {
      if (!this.plot || !this.data || event.altKey || event.ctrlKey || event.metaKey || !this.pressed(event, this.plot, this.data)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#awaited.stop();
    this.#destroy();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isStarted || before === after) return;
    if (name === 'src' || name === 'inline') void this.#load();
    else this.draw();
  }

  override restore(): void {
    super.restore();
    if (this.#selecting) this.dataset['selecting'] = '';
  }

  /** Of the plot; `fill` is what the legend leaves of the element. */
  protected get height(): number {
    const asked = this.getAttribute('height') ?? '150';
    return asked === 'fill' ? Math.max(leastPx, this.clientHeight - this.#legend.offsetHeight) : Number(asked);
  }

  #reserve(): void {
    if (this.getAttribute('height') === 'fill') this.box.style.minHeight = leastPx + 'px';
    else this.box.style.minHeight = this.height + 'px';
    this.#table.style.maxHeight = this.height + 'px';
  }

  #destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  async #load(): Promise<void> {
    const inline = this.getAttribute('inline'); // What a fragment computed anyway comes along with it.
    if (inline) {
      this.#show(JSON.parse(inline) as T);
      return;
    }
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.data) {
      this.state = 'loading';
      this.#awaited.start(content => this.#putInstead(content), 'Reading what it shows');
    }
    try {
      const data = await this.fetchJson<T>(src);
      if (!data) return;
      if (this.#selecting) this.#later = data; // A poll that was under way takes no selection out of anybody's hand.
      else this.#show(data);
    } catch (error) {
      this.#destroy();
      this.#awaited.stop();
      this.data = null;
      this.#putInstead(failure(error instanceof Error ? error.message : String(error), () => void this.#load()));
      this.state = 'error';
    }
  }

  #show(data: T): void {
    this.#awaited.stop();
    this.#later = null;
    this.data = data;
    this.received(data);
    this.draw();
  }

  #putInstead(content: HTMLElement): void {
    content.style.height = this.height + 'px';
    this.box.replaceChildren(content);
    this.#legend.replaceChildren();
  }

  protected draw(): void {
    const data = this.data;
    if (!data || !this.isConnected) return;
    this.#reserve();
    const cursor = this.plot && (this.plot.cursor.left ?? -1) >= 0 ? { left: this.plot.cursor.left!, top: this.plot.cursor.top ?? 0 } : null;
    this.#destroy();
    this.anchor = null;
    this.#setSelecting(false);
    this.box.setAttribute('aria-label', [this.nameOf(data), ...data.marks.map(m => `${clock(m.atMs)}: ${m.detail}`)].join('. '));
    if (this.isEmpty(data)) {
      this.#putInstead(el('div', { class: 'empty' }, data.summary));
      this.state = 'empty';
      return;
    }
    this.#legend.replaceChildren(this.legendOf(data), this.#buttons());
    this.#reserve(); // The legend takes its part of the height.
    this.#drawTable(data);
    const width = this.box.clientWidth;
    if (width === 0) return;
    this.box.replaceChildren();
    this.plot = this.makePlot(data, width);
    this.plot.over.append(this.card);
    if (cursor) this.plot.setCursor(cursor, true); // A poll takes nothing away from whoever is looking.
    this.state = 'ready';
  }

  #buttons(): HTMLElement {
    const camera = el('button', { type: 'button', class: 'camera', title: 'Snapshot: share this as a picture', 'aria-label': 'Snapshot' });
    camera.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 7h3l2-3h6l2 3h3a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z"/><circle cx="12" cy="13" r="3.5"/></svg>';
    camera.addEventListener('click', () => askForSnapshot(this, { src: this.getAttribute('src') ?? '', title: this.getAttribute('label') ?? '' }));
    return el('div', { class: 'buttons' }, camera, this.#tableButton());
  }

  #tableButton(): HTMLElement {
    const button = el('button', { type: 'button', class: 'table', 'aria-pressed': this.#asTable, title: this.#asTable ? 'View as chart' : 'View as table' }, this.#asTable ? 'Chart' : 'Table');
    button.addEventListener('click', () => this.toggleTable());
    return button;
  }

  /** The numbers in place of the plot, or the plot again. */
  toggleTable(): void {
    this.#asTable = !this.#asTable;
    this.draw();
  }

  #drawTable(data: T): void {
    this.box.hidden = this.#asTable;
    this.#table.hidden = !this.#asTable;
    if (!this.#asTable) return;
    const { head, rows } = this.tableOf(data);
    const names = el('tr', {}, ...[`Time (${zone()})`, ...head].map(name => el('th', { scope: 'col' }, name)));
    this.#table.replaceChildren(el('table', {}, el('thead', {}, names), el('tbody', {}, ...rows.reverse())));
  }

  /** Options that all plots over time have. */
  protected frame(data: T, width: number): Pick<uPlot.Options, 'width' | 'height' | 'padding' | 'legend' | 'tzDate'> & { x: uPlot.Scale; axis: uPlot.Axis; cursor: uPlot.Cursor; setSelect: (u: uPlot) => void } {
    const days = data.toMs - data.fromMs > 36 * 3_600_000;
    return {
      width,
      height: this.height,
      padding: [8, 16, 0, 0], // Right: half of the last time's label.
      legend: { show: false },
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), zone()),
      x: { time: true, range: () => [data.fromMs / 1000, data.toMs / 1000] },
      axis: {
        stroke: color('text-2'), font: axisFont, grid: { show: false }, ticks: { stroke: color('line'), width: 1, size: 4 }, size: 24, gap: 2, incrs: tickSeconds,
        space: (_u, _axis, from, to, px) => days ? 92 : (to - from) / px * 48 < 60 ? 62 : 48, // Room for seconds where ticks may be closer than a minute.
        values: (_u, ticks, _axis, _space, step) => ticks.map(t => clock(t * 1000, step < 60, days)),
      },
      cursor: {
        y: false,
        drag: {
          x: true, y: false, setScale: false, dist: dragPx,
          // uPlot takes any move for a drag; here a click may tremble.
          click: (_u, event) => { if (Math.abs(event.clientX - this.#downX) >= dragPx) { event.stopPropagation(); event.stopImmediatePropagation(); } },
        },
        sync: { key: 'apm', scales: ['x', null], filters: { pub: type => type !== 'mouseup' && type !== 'mousedown' && type !== 'dblclick' } },
        bind: {
          dblclick: () => () => { clearTimeout(this.#clickTimer); undoZoom(); return null; },
          mousedown: (_u, _t, handler) => event => { if (event.button === 0) this.#beginDrag(event); handler(event); return null; },
        },
      },
      setSelect: u => this.#selected(u),
    };
  }

  /** Where a click leads; a little later when it may yet become the double click that undoes a zoom. */
  protected follow(link: string): void {
    clearTimeout(this.#clickTimer);
    if (isZoomed()) this.#clickTimer = window.setTimeout(() => go(link), doubleClickMs);
    else go(link);
  }

  /** The card's first line. */
  protected timeLine(ms: number, data: T): HTMLElement {
    return el('div', { class: 'at' }, `${clock(ms, true, data.toMs - data.fromMs > 86_400_000)} ${document.documentElement.dataset['zoneName'] || 'UTC'}`);
  }

  /** Shows the card beside a bucket that goes from one place to another. */
  protected placeCard(u: uPlot, from: number, to: number): void {
    const width = this.card.offsetWidth;
    this.card.style.transform = `translate(${Math.max(0, to + width + 16 > u.over.clientWidth ? from - width - 12 : to + 12)}px, 4px)`;
    this.card.classList.add('on');
  }

  /** Until the button is let go, wherever that is; Escape lets go of the selection before. */
  #beginDrag(down: MouseEvent): void {
    this.#downX = down.clientX;
    this.#mouseDown = true;
    this.#setSelecting(true);
    const ended = new AbortController();
    addEventListener('keydown', event => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      this.#mouseDown = false;
      this.classList.add('cancelled');
    }, { signal: ended.signal, capture: true });
    addEventListener('mouseup', () => {
      ended.abort();
      this.#mouseDown = false;
      this.classList.remove('cancelled');
      this.unselect();
    }, { signal: ended.signal });
  }

  /** Only the plot that saw the mouse go down zooms; the crosshair of the others moves along. */
  #selected(u: uPlot): void {
    if (!this.#mouseDown || u.select.width < dragPx) return;
    this.#mouseDown = false;
    const [from, to] = [u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    showRange(from, to);
  }

  /** Begins a selection by keyboard, or widens it. */
  protected selectFrom(bucket: number): void {
    this.anchor ??= bucket;
    this.#setSelecting(true);
  }

  /** Zooms to what was selected by keyboard. */
  protected zoomTo(bucket: number, data: T): void {
    const [first, last] = [Math.min(this.anchor!, bucket), Math.max(this.anchor!, bucket)];
    this.unselect();
    showRange(data.times[first]!, data.times[last]! + data.stepMs);
  }

  protected unselect(): void {
    this.anchor = null;
    this.plot?.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#setSelecting(false);
    if (this.#later === null) return;
    queueMicrotask(() => { // After the handler that let go, which still works with the plot as it was.
      if (!this.#selecting && this.#later !== null) this.#show(this.#later);
    });
  }

  /** While something is being selected, a live page waits. */
  #setSelecting(on: boolean): void {
    this.#selecting = on;
    if (on) this.dataset['selecting'] = '';
    else delete this.dataset['selecting'];
  }
}
