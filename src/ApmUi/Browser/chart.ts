// <apm-chart src label height>: a time series drawn with uPlot from column JSON of /ui/data.
// All charts of a page share one crosshair; a drag zooms the page; arrow keys walk, Shift+arrows select, Enter zooms.

import uPlot from 'uplot';
import plotStyle from 'uplot/dist/uPlot.min.css';
import style from './chart.css';
import { type ChartData, type Series, isThin, legendFigure, partText, valueAxis, valueText } from './chart-data';
import { drawMarks, marksIn } from './chart-marks';
import { drawParts, drawThin } from './chart-doubts';
import { type Unit, clock, figure, zone } from './format';
import { Island, el, failure } from './island';
import { go, isZoomed, showRange, undoZoom } from './nav';
import { color, onTheme } from './theme';

/** Within this time a second click makes a double click, which undoes a zoom. */
const doubleClickMs = 250;

/** A shorter drag is a click. */
const dragPx = 5;

const axisFont = '11px system-ui, "Segoe UI", Roboto, sans-serif';

class ApmChart extends Island {
  static observedAttributes = ['src', 'height', 'label'];

  #data: ChartData | null = null;
  #plot: uPlot | null = null;
  #off = new Set<string>();
  #asTable = false;
  #anchor: number | null = null;
  #mouseDown = false;
  #selecting = false;
  #later: ChartData | null = null;
  #clickTimer = 0;
  #downX = 0;
  #box = el('div', { class: 'plot', tabindex: '0', role: 'group' });
  #card = el('div', { class: 'card' });
  #legend = el('div', { class: 'legend' });
  #table = el('div', { class: 'tablewrap', tabindex: '0', hidden: true });
  #say = el('div', { class: 'vh', 'aria-live': 'polite' });

  constructor() {
    super(plotStyle + style);
    this.root.append(this.#box, this.#table, this.#legend, this.#say);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#reserve();
    const size = new ResizeObserver(() => {
      const width = this.#box.clientWidth;
      if (this.#plot && width > 0 && Math.abs(width - this.#plot.width) > 1) this.#plot.setSize({ width, height: this.#height });
      else if (!this.#plot && this.#data && width > 0) this.#draw();
    });
    size.observe(this);
    this.onDisconnect(() => size.disconnect());
    this.onDisconnect(onTheme(() => this.#draw()));
    this.listen(this.#box, 'keydown', (event: KeyboardEvent) => this.#key(event));
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#plot?.destroy();
    this.#plot = null;
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isStarted || before === after) return;
    if (name === 'src') void this.#load();
    else this.#draw();
  }

  /** For tests: what is drawn. */
  inspect(): object {
    return {
      series: this.#data?.series.map(s => ({ name: s.name, points: s.values.filter(v => v !== null).length })) ?? [],
      stepMs: this.#data?.stepMs, from: this.#data?.fromMs, to: this.#data?.toMs, unit: this.#data?.unit,
      marks: this.#data?.marks.map(m => m.detail) ?? [],
      parts: this.#data?.times.map((_, i) => partText(this.#data!, i)).filter(text => text !== '') ?? [],
      top: this.#plot?.scales['y']?.max, rightTop: this.#plot?.scales['right']?.max, at: this.#plot?.cursor.idx ?? null, selected: this.#plot?.select.width ?? 0, card: this.#card.classList.contains('on') ? this.#card.innerText : '',
    };
  }

  get #height(): number { return Number(this.getAttribute('height') ?? 150); }

  #reserve(): void {
    this.#box.style.minHeight = this.#table.style.maxHeight = this.#height + 'px';
  }

  async #load(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.#data) this.state = 'loading';
    try {
      const data = await this.fetchJson<ChartData>(src);
      if (!data) return;
      if (this.#selecting) {
        this.#later = data; // A poll that was under way takes no selection out of anybody's hand.
        return;
      }
      this.#later = null;
      this.#data = data;
      this.#draw();
    } catch (error) {
      this.#plot?.destroy();
      this.#plot = null;
      this.#data = null;
      const box = failure(error instanceof Error ? error.message : String(error), () => void this.#load());
      box.style.height = this.#height + 'px';
      this.#box.replaceChildren(box);
      this.#legend.replaceChildren();
      this.state = 'error';
    }
  }

  #draw(): void {
    const data = this.#data;
    if (!data || !this.isConnected) return;
    this.#reserve();
    const cursor = this.#plot && (this.#plot.cursor.left ?? -1) >= 0 ? { left: this.#plot.cursor.left!, top: this.#plot.cursor.top ?? 0 } : null;
    this.#plot?.destroy();
    this.#plot = null;
    this.#anchor = null;
    this.#select(false);
    const label = this.getAttribute('label') ?? '';
    this.#box.setAttribute('aria-label', [`${label}. ${data.summary}`, ...data.marks.map(m => `${clock(m.atMs)}: ${m.detail}`)].join('. '));
    if (data.series.every(s => s.values.every(v => v === null))) {
      const box = el('div', { class: 'empty' }, data.summary);
      box.style.height = this.#height + 'px';
      this.#box.replaceChildren(box);
      this.#legend.replaceChildren();
      this.state = 'empty';
      return;
    }
    this.#drawLegend(data);
    this.#drawTable(data);
    const width = this.#box.clientWidth;
    if (width === 0) return;
    this.#box.replaceChildren();
    const { columns, series } = this.#columns(data);
    this.#plot = new uPlot(this.#options(data, series, width), columns, this.#box);
    this.#plot.over.append(this.#card);
    if (cursor) this.#plot.setCursor(cursor, true); // A poll takes nothing away from whoever is looking.
    this.state = 'ready';
  }

  /** uPlot's columns. What too few cases made is not part of a line. Stacked series are summed up from the bottom and drawn from the top, so that each shows its own part. */
  #columns(data: ChartData): { columns: uPlot.AlignedData; series: Series[] } {
    const times = data.times.map(ms => ms / 1000);
    const shown = data.series.filter(s => !this.#off.has(s.name));
    if (!data.stacked) return { columns: [times, ...shown.map(s => s.wholes ? s.values.map((v, i) => isThin(s, i) ? null : v) : s.values)] as uPlot.AlignedData, series: shown };
    const sums: number[] = new Array<number>(times.length).fill(0);
    const tops = shown.map(s => s.values.map((v, i) => (sums[i] = (sums[i] ?? 0) + (v ?? 0))));
    return { columns: [times, ...tops.reverse()] as uPlot.AlignedData, series: [...shown].reverse() };
  }

  #options(data: ChartData, shown: Series[], width: number): uPlot.Options {
    const grid = { stroke: color('line'), width: 1 };
    const text = color('text-2');
    const short = data.toMs - data.fromMs < 10 * 60_000;
    const rightUnit = shown.find(s => s.unit)?.unit;
    const thinMax = (unit: Unit | undefined) => Math.max(0, ...shown.filter(s => s.unit === unit).flatMap(s => s.values.filter((_, i) => isThin(s, i)).map(v => v ?? 0)));
    const axisFor = (unit: Unit | undefined, max: number) => valueAxis(max > 0 ? max : thinMax(unit), unit ?? data.unit, this.#height);
    let axis = axisFor(undefined, 0);
    let rightAxis = axisFor(rightUnit, 0);
    const days = data.toMs - data.fromMs > 36 * 3_600_000;
    return {
      width,
      height: this.#height,
      padding: [8, 16, 0, 0], // Right: half of the last time's label.
      legend: { show: false },
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), zone()),
      scales: {
        x: { time: true, range: () => [data.fromMs / 1000, data.toMs / 1000] },
        y: { range: (_u, _min, max) => [0, (axis = axisFor(undefined, max)).lines.at(-1)!] },
        right: { range: (_u, _min, max) => [0, (rightAxis = axisFor(rightUnit, max)).lines.at(-1)!] },
      },
      cursor: {
        y: false,
        points: { size: 6, width: 1.5, fill: () => color('surface') },
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
      axes: [
        {
          stroke: text, font: axisFont, grid: { show: false }, ticks: { ...grid, size: 4 }, size: 24, gap: 2, space: days ? 70 : short ? 62 : 48,
          values: (_u, ticks) => ticks.map(t => clock(t * 1000, short, days)),
        },
        {
          stroke: text, font: axisFont, grid, ticks: { show: false }, size: 58, gap: 6,
          splits: () => axis.lines,
          values: (_u, ticks) => ticks.map(v => axis.text(v)),
        },
        ...(rightUnit ? [{
          scale: 'right', side: 1 as const, stroke: text, font: axisFont, grid: { show: false }, ticks: { show: false }, size: 50, gap: 6,
          splits: () => rightAxis.lines,
          values: (_u: uPlot, ticks: number[]) => ticks.map(v => rightAxis.text(v)),
        }] : []),
      ],
      series: [{}, ...shown.map(s => this.#series(s))],
      hooks: {
        setCursor: [u => this.#showCard(u, data, shown)],
        setSelect: [u => this.#selected(u)],
        draw: [u => { drawParts(u, data); drawThin(u, shown); drawMarks(u, data.marks); }],
        ready: [u => u.over.addEventListener('click', () => this.#clicked(u, data))],
      },
    };
  }

  #series(s: Series): uPlot.Series {
    const stroke = color(s.color);
    const common = { label: s.name, scale: s.unit ? 'right' : 'y', stroke, width: 1.5, spanGaps: false, points: { show: false } };
    switch (s.draw) {
      case 'bars': return { ...common, width: 0, fill: stroke, paths: uPlot.paths.bars!({ size: [0.82, 28], align: 1 }) };
      case 'area': return { ...common, fill: stroke + '2e' };
      case 'points': return { ...common, width: 0, paths: () => null, points: { show: true, size: 4, fill: stroke, stroke } };
      default: return { ...common, ...(s.dash ? { dash: [4, 3] } : {}), points: { show: (_u, _i, from, to) => to - from < 3, size: 4, fill: stroke } };
    }
  }

  #drawLegend(data: ChartData): void {
    const buttons: HTMLElement[] = data.series.map(s => {
      const unit = s.unit ?? data.unit;
      const [value, of] = legendFigure(s, unit);
      const button = el('button', { type: 'button', class: this.#off.has(s.name) ? 'off' : '', 'aria-pressed': !this.#off.has(s.name), title: `${of}: ${figure(value, unit)}. Click shows this one alone; Ctrl-click hides or adds it` },
        this.#swatch(s), s.name, ' ', el('b', {}, figure(value, unit)));
      button.addEventListener('click', event => this.#toggle(s.name, event.ctrlKey || event.metaKey));
      return button;
    });
    const table = el('button', { type: 'button', class: 'table', 'aria-pressed': this.#asTable, title: this.#asTable ? 'View as chart' : 'View as table' }, this.#asTable ? 'Chart' : 'Table');
    table.addEventListener('click', () => {
      this.#asTable = !this.#asTable;
      this.#draw();
    });
    this.#legend.replaceChildren(el('div', {}, ...(data.series.length > 1 || data.series[0]?.name ? buttons : [])), table);
  }

  #swatch(s: Series): HTMLElement {
    const swatch = el('i', { class: 'sw' + (s.draw === 'bars' ? ' bar' : s.dash ? ' dash' : '') });
    swatch.style.setProperty('--c', `var(--${s.color})`);
    return swatch;
  }

  #toggle(name: string, adds: boolean): void {
    const names = this.#data!.series.map(s => s.name);
    if (adds) {
      if (!this.#off.delete(name)) this.#off.add(name);
    } else {
      const alone = names.every(n => n === name || this.#off.has(n));
      this.#off = new Set(alone ? [] : names.filter(n => n !== name));
    }
    if (this.#off.size === names.length) this.#off.clear();
    this.#draw();
  }

  #drawTable(data: ChartData): void {
    this.#box.hidden = this.#asTable;
    this.#table.hidden = !this.#asTable;
    if (!this.#asTable) return;
    const head = el('tr', {}, el('th', { scope: 'col' }, `Time (${zone()})`), ...data.series.map(s => el('th', { scope: 'col' }, s.name)));
    const rows = data.times.flatMap((ms, i) => [
      el('tr', {}, el('td', {}, clock(ms, true, true), partText(data, i) && ` · ${partText(data, i)}`), ...data.series.map(s => el('td', {}, valueText(s, i, s.unit ?? data.unit)))),
      ...marksIn(data, i).map(m => el('tr', { class: 'event' }, el('td', {}, clock(m.atMs, true, true)), el('td', { colspan: String(Math.max(1, data.series.length)) }, m.detail))),
    ]);
    this.#table.replaceChildren(el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows.reverse())));
  }

  #showCard(u: uPlot, data: ChartData, shown: Series[]): void {
    const i = u.cursor.idx;
    const left = u.cursor.left ?? -1;
    if (i === null || i === undefined || left < 0) {
      this.#card.classList.remove('on');
      return;
    }
    const at = data.times[i]!;
    const ordered = data.stacked ? [...shown].reverse() : shown;
    this.#card.replaceChildren(el('div', { class: 'at' }, `${clock(at, true, data.toMs - data.fromMs > 86_400_000)} ${zoneShort()}`),
      ...ordered.map(s => el('div', { class: 'v' }, this.#swatch(s), s.name, el('b', {}, valueText(s, i, s.unit ?? data.unit)))),
      ...(partText(data, i) ? [el('div', { class: 'part' }, `Not complete: ${partText(data, i)}`)] : []),
      ...(ordered.some(s => isThin(s, i)) ? [el('div', { class: 'part' }, 'Too few to tell much')] : []),
      ...data.marks.filter(m => Math.abs(u.valToPos(m.atMs / 1000, 'x') - left) < 8).map(m => el('div', { class: 'mark' }, `${clock(m.atMs, true)} ${m.detail}`)));
    const width = this.#card.offsetWidth;
    const x = left + width + 16 > u.over.clientWidth ? left - width - 12 : left + 12;
    this.#card.style.transform = `translate(${Math.max(0, x)}px, 4px)`;
    this.#card.classList.add('on');
  }

  /** Until the button is let go, wherever that is; Escape lets go of the selection before. */
  #beginDrag(down: MouseEvent): void {
    this.#downX = down.clientX;
    this.#mouseDown = true;
    this.#select(true);
    const ended = new AbortController();
    addEventListener('keydown', event => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      this.#mouseDown = false;
      this.root.host.classList.add('cancelled');
    }, { signal: ended.signal, capture: true });
    addEventListener('mouseup', () => {
      ended.abort();
      this.#mouseDown = false;
      this.root.host.classList.remove('cancelled');
      this.#unselect();
    }, { signal: ended.signal });
  }

  #unselect(): void {
    this.#anchor = null;
    this.#plot?.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#select(false);
    if (this.#later === null) return;
    queueMicrotask(() => { // After the handler that let go, which still works with the plot as it was.
      if (this.#selecting || this.#later === null) return;
      this.#data = this.#later;
      this.#later = null;
      this.#draw();
    });
  }

  /** While something is being selected, a live page waits. */
  #select(on: boolean): void {
    this.#selecting = on;
    if (on) this.dataset['selecting'] = '';
    else delete this.dataset['selecting'];
  }

  override restore(): void {
    super.restore();
    if (this.#selecting) this.dataset['selecting'] = '';
  }

  #selected(u: uPlot): void {
    if (!this.#mouseDown || u.select.width < dragPx) return;
    this.#mouseDown = false;
    const from = u.posToVal(u.select.left, 'x') * 1000;
    const to = u.posToVal(u.select.left + u.select.width, 'x') * 1000;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    showRange(from, to);
  }

  #clicked(u: uPlot, data: ChartData): void {
    const i = u.cursor.idx;
    if (!data.behind || i === null || i === undefined || u.select.width > 0) return;
    const at = data.times[i]!;
    const to = data.behind.replace('{from}', String(at)).replace('{to}', String(at + data.stepMs));
    clearTimeout(this.#clickTimer);
    if (isZoomed()) this.#clickTimer = window.setTimeout(() => go(to), doubleClickMs);
    else go(to);
  }

  #key(event: KeyboardEvent): void {
    const u = this.#plot;
    const data = this.#data;
    if (!u || !data || event.altKey || event.ctrlKey || event.metaKey) return;
    const now = u.cursor.idx ?? data.times.length - 1;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const to = Math.min(data.times.length - 1, Math.max(0, now + (event.key === 'ArrowLeft' ? -1 : 1)));
        if (event.shiftKey) {
          this.#anchor ??= now;
          this.#select(true);
        } else this.#unselect();
        u.setCursor({ left: u.valToPos(data.times[to]! / 1000, 'x'), top: 10 });
        if (this.#anchor !== null) {
          const a = u.valToPos(data.times[this.#anchor]! / 1000, 'x');
          const b = u.valToPos(data.times[to]! / 1000, 'x');
          u.setSelect({ left: Math.min(a, b), top: 0, width: Math.abs(b - a), height: u.over.clientHeight }, false);
        }
        this.#say.textContent = `${clock(data.times[to]!)}: ` + [...data.series.map(s => `${s.name} ${valueText(s, to, s.unit ?? data.unit)}`), ...(partText(data, to) ? [`not complete, ${partText(data, to)}`] : []), ...marksIn(data, to).map(m => m.detail)].join(', ');
        break;
      }
      case 'Enter':
        if (this.#anchor !== null) {
          const [first, last] = [Math.min(this.#anchor, now), Math.max(this.#anchor, now)];
          this.#unselect();
          showRange(data.times[first]!, data.times[last]! + data.stepMs);
        } else this.#clicked(u, data);
        break;
      case 'Escape':
        if (this.#anchor === null) return;
        this.#unselect();
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function zoneShort(): string {
  return document.documentElement.dataset['zoneName'] || 'UTC';
}

customElements.define('apm-chart', ApmChart);
