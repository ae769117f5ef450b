// <apm-heat src label height>: durations over time as a heat map: the darker a cell, the more requests took so long.
// Shares crosshair and zoom with the charts of the page. Arrows go from cell to cell, Shift+arrows select, Enter zooms or opens the traces.

import uPlot from 'uplot';
import plotStyle from 'uplot/dist/uPlot.min.css';
import chartStyle from './chart.css';
import { drawMarks } from './chart-marks';
import { clock, count, duration, zone } from './format';
import { type HeatData, HeatGrid } from './heat-data';
import style from './heat.css';
import { el, failure, Island } from './island';
import { go, showRange } from './nav';
import { color, onTheme } from './theme';

const axisFont = '11px system-ui, "Segoe UI", Roboto, sans-serif';

class ApmHeat extends Island {
  static observedAttributes = ['src'];

  #grid: HeatGrid | null = null;
  #plot: uPlot | null = null;
  #asTable = false;
  #mouseDown = false;
  #pointed = false;
  #column = -1;
  #row = -1;
  #anchor = -1;
  #box = el('div', { class: 'plot', tabindex: '0', role: 'group' });
  #card = el('div', { class: 'card' });
  #mark = el('div', { class: 'cell' });
  #legend = el('div', { class: 'legend' });
  #table = el('div', { class: 'tablewrap', tabindex: '0', hidden: true });
  #say = el('div', { class: 'vh', 'aria-live': 'polite' });

  constructor() {
    super(plotStyle + chartStyle + style);
    this.root.append(this.#box, this.#table, this.#legend, this.#say);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#box.style.minHeight = this.#table.style.maxHeight = this.#height + 'px';
    const size = new ResizeObserver(() => {
      const width = this.#box.clientWidth;
      if (this.#plot && width > 0 && Math.abs(width - this.#plot.width) > 1) this.#plot.setSize({ width, height: this.#height });
      else if (!this.#plot && this.#grid && width > 0) this.#draw();
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

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (this.isConnected && before !== after) void this.#load();
  }

  /** For tests: what is drawn. */
  inspect(): object {
    const grid = this.#grid;
    return {
      columns: grid?.data.times.length ?? 0, rows: grid?.rows ?? 0, cells: grid?.data.count.length ?? 0, highest: grid?.highest ?? 0,
      requests: grid?.data.count.reduce((a, b) => a + b, 0) ?? 0, from: grid?.data.fromMs, to: grid?.data.toMs,
      column: this.#column, row: this.#row, marks: grid?.data.marks.map(m => m.detail) ?? [],
    };
  }

  get #height(): number { return Number(this.getAttribute('height') ?? 150); }

  async #load(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.#grid) this.state = 'loading';
    try {
      const data = await this.fetchJson<HeatData>(src);
      if (!data) return;
      this.#grid = new HeatGrid(data);
      this.#column = this.#row = this.#anchor = -1;
      this.#draw();
    } catch (error) {
      this.#clear();
      this.#grid = null;
      const box = failure(error instanceof Error ? error.message : String(error), () => void this.#load());
      box.style.height = this.#height + 'px';
      this.#box.replaceChildren(box);
      this.state = 'error';
    }
  }

  #clear(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#legend.replaceChildren();
  }

  #draw(): void {
    const grid = this.#grid;
    if (!grid || !this.isConnected) return;
    this.#clear();
    const { data } = grid;
    this.#box.setAttribute('aria-label', [`${this.getAttribute('label') ?? ''}. ${data.summary}. Arrows go from cell to cell, Enter opens its traces`, ...data.marks.map(m => `${clock(m.atMs)}: ${m.detail}`)].join('. '));
    if (data.count.length === 0) {
      const box = el('div', { class: 'empty' }, data.summary);
      box.style.height = this.#height + 'px';
      this.#box.replaceChildren(box);
      this.state = 'empty';
      return;
    }
    this.#drawLegend(grid);
    this.#drawTable(grid);
    const width = this.#box.clientWidth;
    if (width === 0) return;
    this.#box.replaceChildren();
    const columns = [data.times.map(ms => ms / 1000), data.times.map(() => grid.low(0))] as uPlot.AlignedData;
    this.#plot = new uPlot(this.#options(grid, width), columns, this.#box);
    this.#plot.over.append(this.#mark, this.#card);
    this.state = 'ready';
  }

  #options(grid: HeatGrid, width: number): uPlot.Options {
    const { data } = grid;
    const text = color('text-2');
    const line = color('line');
    const short = data.toMs - data.fromMs < 10 * 60_000;
    const days = data.toMs - data.fromMs > 36 * 3_600_000;
    let [low, high] = [grid.low(0), data.borders[grid.rows]!];
    if (high / low < 4) [low, high] = [low / 1.5, high * 1.5]; // A single line stands in the middle, not across the whole plot.
    const ticks = ticksBetween(low, high);
    return {
      width, height: this.#height, padding: [8, 16, 0, 0], legend: { show: false },
      tzDate: ts => uPlot.tzDate(new Date(ts * 1000), zone()),
      scales: { x: { time: true, range: () => [data.fromMs / 1000, data.toMs / 1000] }, y: { distr: 3, range: () => [low, high] } },
      cursor: {
        y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 5 },
        sync: { key: 'apm', scales: ['x', null], filters: { pub: type => type !== 'mouseup' && type !== 'mousedown' && type !== 'dblclick' } },
        bind: {
          dblclick: () => () => { history.back(); return null; },
          mousedown: (_u, _t, handler) => event => { this.#mouseDown = true; handler(event); return null; },
        },
      },
      axes: [
        {
          stroke: text, font: axisFont, grid: { show: false }, ticks: { stroke: line, width: 1, size: 4 }, size: 24, gap: 2, space: days ? 70 : short ? 62 : 48,
          values: (_u, at) => at.map(t => clock(t * 1000, short, days)),
        },
        { stroke: text, font: axisFont, grid: { stroke: line, width: 1 }, ticks: { show: false }, size: 58, gap: 6, splits: () => ticks, filter: (_u, at) => at, values: (_u, at) => at.map(v => duration(v)) },
      ],
      series: [{}, { scale: 'y', width: 0, paths: () => null, points: { show: false } }],
      hooks: {
        setCursor: [u => this.#pointedAt(u, grid)],
        setSelect: [u => this.#selected(u)],
        draw: [u => { drawCells(u, grid); drawMarks(u, data.marks); }],
        ready: [u => {
          u.over.addEventListener('pointermove', () => { this.#pointed = true; });
          u.over.addEventListener('pointerleave', () => { this.#pointed = false; });
          u.over.addEventListener('click', () => { if (u.select.width === 0) this.#open(grid, this.#column, this.#row); });
        }],
      },
    };
  }

  #drawLegend(grid: HeatGrid): void {
    const ramp = el('span', { class: 'scale' }, '1', el('i', { class: 'ramp' }), el('b', {}, count(grid.highest)), ' requests a cell');
    const failed = grid.data.errors.some((errors, i) => errors * 2 > grid.data.count[i]!) ? [el('span', { class: 'scale' }, el('i', { class: 'bad' }), 'most of them failed')] : [];
    const table = el('button', { type: 'button', class: 'table', 'aria-pressed': this.#asTable, title: this.#asTable ? 'View as chart' : 'View as table' }, this.#asTable ? 'Chart' : 'Table');
    table.addEventListener('click', () => {
      this.#asTable = !this.#asTable;
      this.#draw();
    });
    this.#legend.replaceChildren(ramp, ...failed, table);
  }

  #drawTable(grid: HeatGrid): void {
    this.#box.hidden = this.#asTable;
    this.#table.hidden = !this.#asTable;
    if (!this.#asTable) return;
    const rows = Array.from({ length: grid.rows }, (_, row) => row).filter(row => grid.data.row.includes(row));
    const head = el('tr', {}, el('th', { scope: 'col' }, `Time (${zone()})`), ...rows.map(row => el('th', { scope: 'col' }, rangeText(grid, row))));
    const lines = grid.data.times.map((ms, at) => el('tr', {}, el('td', {}, clock(ms, true, true)), ...rows.map(row => {
      const [all, failed] = [grid.count(at, row), grid.errors(at, row)];
      return el('td', {}, all === 0 ? '' : count(all) + (failed > 0 ? ` (${count(failed)} failed)` : ''));
    })));
    this.#table.replaceChildren(el('table', {}, el('thead', {}, head), el('tbody', {}, ...lines.reverse())));
  }

  #pointedAt(u: uPlot, grid: HeatGrid): void {
    const left = u.cursor.left ?? -1;
    if (left < 0) {
      this.#card.classList.remove('on');
      this.#mark.classList.remove('on');
      return;
    }
    const column = Math.floor((u.posToVal(left, 'x') * 1000 - grid.data.times[0]!) / grid.data.stepMs);
    // The pointer of another chart tells the time alone.
    this.#show(u, grid, Math.min(grid.data.times.length - 1, Math.max(0, column)), this.#pointed ? grid.rowOf(u.posToVal(u.cursor.top ?? 0, 'y')) : -1);
  }

  #show(u: uPlot, grid: HeatGrid, column: number, row: number): void {
    [this.#column, this.#row] = [column, row];
    const [at, left] = [grid.data.times[column]!, u.valToPos(grid.data.times[column]! / 1000, 'x')];
    const right = u.valToPos((at + grid.data.stepMs) / 1000, 'x');
    this.#card.replaceChildren(
      el('div', { class: 'at' }, `${clock(at, true, grid.data.toMs - grid.data.fromMs > 86_400_000)} ${document.documentElement.dataset['zoneName'] || 'UTC'}`),
      ...(row < 0 ? [] : [value(rangeText(grid, row), count(grid.count(column, row)))]),
      ...(row >= 0 && grid.errors(column, row) > 0 ? [value('of them failed', count(grid.errors(column, row)))] : []),
      value('all requests', count(grid.sum(column))),
      ...grid.data.marks.filter(m => m.atMs >= at && m.atMs < at + grid.data.stepMs).map(m => el('div', { class: 'mark' }, `${clock(m.atMs, true)} ${m.detail}`)));
    const width = this.#card.offsetWidth;
    this.#card.style.transform = `translate(${Math.max(0, right + width + 12 > u.over.clientWidth ? left - width - 12 : right + 12)}px, 4px)`;
    this.#card.classList.add('on');
    const shown = row >= 0 && grid.count(column, row) > 0;
    this.#mark.classList.toggle('on', shown);
    if (!shown) return;
    const [top, bottom] = [u.valToPos(grid.data.borders[row + 1]!, 'y'), u.valToPos(grid.low(row), 'y')];
    Object.assign(this.#mark.style, { left: left + 'px', top: top + 'px', width: Math.max(3, right - left) + 'px', height: Math.max(3, bottom - top) + 'px' });
  }

  #selected(u: uPlot): void {
    if (!this.#mouseDown || u.select.width < 5) return;
    this.#mouseDown = false;
    const [from, to] = [u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    showRange(from, to);
  }

  #open(grid: HeatGrid, column: number, row: number): void {
    if (column < 0 || row < 0 || grid.count(column, row) === 0) return;
    const { data } = grid;
    go(data.behind.replace('{from}', String(data.times[column])).replace('{to}', String(data.times[column]! + data.stepMs))
      .replace('{min}', String(Math.floor(data.borders[row]!))).replace('{max}', String(Math.ceil(data.borders[row + 1]!))));
  }

  #key(event: KeyboardEvent): void {
    const u = this.#plot;
    const grid = this.#grid;
    if (!u || !grid || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = grid.data.times.length - 1;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const before = this.#column < 0 ? last : this.#column;
        const to = this.#column < 0 ? last : Math.min(last, Math.max(0, this.#column + (event.key === 'ArrowLeft' ? -1 : 1)));
        this.#anchor = event.shiftKey ? (this.#anchor < 0 ? before : this.#anchor) : -1;
        this.#walk(u, grid, to, grid.fullest(to));
        break;
      }
      case 'ArrowUp':
      case 'ArrowDown': {
        const at = this.#column < 0 ? last : this.#column;
        const by = event.key === 'ArrowUp' ? 1 : -1;
        let row = this.#row < 0 ? grid.fullest(at) : this.#row + by;
        while (row >= 0 && row < grid.rows && grid.count(at, row) === 0) row += by;
        if (row >= 0 && row < grid.rows) this.#walk(u, grid, at, row);
        break;
      }
      case 'Enter': {
        if (this.#anchor < 0) this.#open(grid, this.#column, this.#row);
        else showRange(grid.data.times[Math.min(this.#anchor, this.#column)]!, grid.data.times[Math.max(this.#anchor, this.#column)]! + grid.data.stepMs);
        break;
      }
      case 'Escape':
        if (this.#column < 0) return;
        this.#column = this.#row = this.#anchor = -1;
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        u.setCursor({ left: -10, top: -10 });
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #walk(u: uPlot, grid: HeatGrid, column: number, row: number): void {
    const middle = (at: number) => u.valToPos((grid.data.times[at]! + grid.data.stepMs / 2) / 1000, 'x');
    u.setCursor({ left: middle(column), top: 10 }); // Moves the crosshair of the other charts too.
    this.#show(u, grid, column, row);
    if (this.#anchor >= 0) {
      const [a, b] = [u.valToPos(grid.data.times[Math.min(this.#anchor, column)]! / 1000, 'x'), u.valToPos((grid.data.times[Math.max(this.#anchor, column)]! + grid.data.stepMs) / 1000, 'x')];
      u.setSelect({ left: a, top: 0, width: b - a, height: u.over.clientHeight }, false);
    }
    const failed = row < 0 ? 0 : grid.errors(column, row);
    this.#say.textContent = `${clock(grid.data.times[column]!)}: ${row < 0 ? 'no request' : `${rangeText(grid, row)}, ${count(grid.count(column, row))} of ${count(grid.sum(column))} requests${failed > 0 ? `, ${count(failed)} failed` : ''}`}`;
  }
}

function value(name: string, text: string): HTMLElement { return el('div', { class: 'v' }, name, el('b', {}, text)); }

function rangeText(grid: HeatGrid, row: number): string { return `${duration(grid.data.borders[row]!)} – ${duration(grid.data.borders[row + 1]!)}`; }

/** Logarithmic, so that one slow request among thousands of quick ones is seen. */
function drawCells(u: uPlot, grid: HeatGrid): void {
  const { data } = grid;
  const [many, failed] = [color('s0'), color('error')];
  const full = Math.log(grid.highest + 1);
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  data.count.forEach((all, i) => {
    const ms = data.times[data.at[i]!]!;
    const left = Math.round(u.valToPos(ms / 1000, 'x', true));
    const right = Math.round(u.valToPos((ms + data.stepMs) / 1000, 'x', true));
    const top = Math.round(u.valToPos(data.borders[data.row[i]! + 1]!, 'y', true));
    const bottom = Math.round(u.valToPos(grid.low(data.row[i]!), 'y', true));
    u.ctx.globalAlpha = 0.18 + 0.82 * Math.log(all + 1) / full;
    u.ctx.fillStyle = data.errors[i]! * 2 > all ? failed : many;
    u.ctx.fillRect(left, top, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), Math.max(1, bottom - top - (bottom - top > 4 ? 1 : 0)));
  });
  u.ctx.restore();
}

/** Powers of ten, with steps between them when there are few; at most about six. */
function ticksBetween(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const steps = decades > 3 ? [1] : decades > 1.6 ? [1, 3] : decades > 0.7 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) for (const step of steps) ticks.push(step * 10 ** e);
  const within = ticks.filter(nanos => nanos >= low && nanos <= high);
  return within.length > 6 ? within.filter((_, i) => i % Math.ceil(within.length / 6) === 0) : within;
}

customElements.define('apm-heat', ApmHeat);
