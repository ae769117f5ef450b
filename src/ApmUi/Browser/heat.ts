// <apm-heat src label height>: durations over time as a heat map: the darker a cell, the more requests took so long.
// Shares crosshair and zoom with the charts of the page. Arrows go from cell to cell, Shift+arrows select, Enter zooms or opens the traces.

import uPlot from 'uplot';
import { drawMarks } from './chart-marks';
import { clock, count, figure } from './format';
import { type HeatData, HeatGrid } from './heat-data';
import style from './heat.css';
import { el } from './island';
import { color } from './theme';
import { TimePlot, axisFont } from './time-plot';

class ApmHeat extends TimePlot<HeatData> {
  #grid: HeatGrid | null = null;
  #pointed = false;
  #column = -1;
  #row = -1;
  #mark = el('div', { class: 'cell' });

  constructor() {
    super(style);
  }

  /** For tests: what is drawn. */
  inspect(): object {
    const { data } = this;
    return {
      columns: data?.times.length ?? 0, rows: this.#grid?.rows ?? 0, cells: data?.count.length ?? 0, highest: this.#grid?.highest ?? 0,
      requests: data?.count.reduce((a, b) => a + b, 0) ?? 0, from: data?.fromMs, to: data?.toMs,
      column: this.#column, row: this.#row, marks: data?.marks.map(m => m.detail) ?? [],
    };
  }

  protected override received(data: HeatData): void {
    this.#grid = new HeatGrid(data);
    this.#column = this.#row = -1;
  }

  protected override isEmpty(data: HeatData): boolean { return data.count.length === 0; }

  protected override nameOf(data: HeatData): string {
    return `${this.getAttribute('label') ?? ''}. ${data.summary}. Arrows go from cell to cell${data.behind === '' ? '' : ', Enter opens its traces'}`;
  }

  protected override makePlot(data: HeatData, width: number): uPlot {
    const grid = this.#grid!;
    const columns = [data.times.map(ms => ms / 1000), data.times.map(() => grid.low(0))] as uPlot.AlignedData;
    const plot = new uPlot(this.#options(grid, width), columns, this.box);
    plot.over.append(this.#mark);
    return plot;
  }

  #options(grid: HeatGrid, width: number): uPlot.Options {
    const { data } = grid;
    const { x, axis, cursor, setSelect, ...frame } = this.frame(data, width);
    let [low, high] = [grid.low(0), data.borders[grid.rows]!];
    if (!data.isLinear && high / low < 4) [low, high] = [low / 1.5, high * 1.5]; // A single line stands in the middle, not across the whole plot.
    const ticks = data.isLinear ? evenTicks(low, high) : ticksBetween(low, high);
    return {
      ...frame,
      scales: { x, y: { distr: data.isLinear ? 1 : 3, range: () => [low, high] } },
      cursor: { ...cursor, points: { show: false } },
      axes: [
        axis,
        { stroke: color('text-2'), font: axisFont, grid: { stroke: color('line'), width: 1 }, ticks: { show: false }, size: 58, gap: 6, splits: () => ticks, filter: (_u, at) => at, values: (_u, at) => at.map(v => figure(v, data.unit)) },
      ],
      series: [{}, { scale: 'y', width: 0, paths: () => null, points: { show: false } }],
      hooks: {
        setCursor: [u => this.#pointedAt(u, grid)],
        setSelect: [setSelect],
        draw: [u => { drawCells(u, grid); drawMarks(u, data.marks); }],
        ready: [u => {
          u.over.addEventListener('pointermove', () => { this.#pointed = true; });
          u.over.addEventListener('pointerleave', () => { this.#pointed = false; });
          u.over.addEventListener('click', () => { if (u.select.width === 0) this.#open(grid, this.#column, this.#row); });
        }],
      },
    };
  }

  protected override legendOf(data: HeatData): HTMLElement {
    const ramp = el('span', { class: 'scale' }, '1', el('i', { class: 'ramp' }), el('b', {}, count(this.#grid!.highest)), ` ${data.noun} a cell`);
    const failed = data.errors.some((errors, i) => errors * 2 > data.count[i]!) ? [el('span', { class: 'scale' }, el('i', { class: 'bad' }), 'most of them failed')] : [];
    return el('div', {}, ramp, ...failed);
  }

  protected override tableOf(data: HeatData): { head: string[]; rows: HTMLElement[] } {
    const grid = this.#grid!;
    const shown = Array.from({ length: grid.rows }, (_, row) => row).filter(row => data.row.includes(row));
    return {
      head: shown.map(row => rangeText(grid, row)),
      rows: data.times.map((ms, at) => el('tr', {}, el('td', {}, clock(ms, true, true)), ...shown.map(row => {
        const [all, failed] = [grid.count(at, row), grid.errors(at, row)];
        return el('td', {}, all === 0 ? '' : count(all) + (failed > 0 ? ` (${count(failed)} failed)` : ''));
      }))),
    };
  }

  #pointedAt(u: uPlot, grid: HeatGrid): void {
    const left = u.cursor.left ?? -1;
    if (left < 0) {
      this.card.classList.remove('on');
      this.#mark.classList.remove('on');
      return;
    }
    const column = Math.floor((u.posToVal(left, 'x') * 1000 - grid.data.times[0]!) / grid.data.stepMs);
    // The pointer of another chart tells the time alone.
    this.#show(u, grid, Math.min(grid.data.times.length - 1, Math.max(0, column)), this.#pointed ? grid.rowOf(u.posToVal(u.cursor.top ?? 0, 'y')) : -1);
  }

  #show(u: uPlot, grid: HeatGrid, column: number, row: number): void {
    [this.#column, this.#row] = [column, row];
    const at = grid.data.times[column]!;
    const [left, right] = [u.valToPos(at / 1000, 'x'), u.valToPos((at + grid.data.stepMs) / 1000, 'x')];
    this.card.replaceChildren(
      this.timeLine(at, grid.data),
      ...(row < 0 ? [] : [value(rangeText(grid, row), count(grid.count(column, row)))]),
      ...(row >= 0 && grid.errors(column, row) > 0 ? [value('of them failed', count(grid.errors(column, row)))] : []),
      value(`all ${grid.data.noun}`, count(grid.sum(column))),
      ...grid.data.marks.filter(m => m.atMs >= at && m.atMs < at + grid.data.stepMs).map(m => el('div', { class: 'mark' }, `${clock(m.atMs, true)} ${m.detail}`)));
    this.placeCard(u, left, right);
    const shown = row >= 0 && grid.count(column, row) > 0;
    this.#mark.classList.toggle('on', shown);
    if (!shown) return;
    const [top, bottom] = [u.valToPos(grid.data.borders[row + 1]!, 'y'), u.valToPos(grid.low(row), 'y')];
    Object.assign(this.#mark.style, { left: left + 'px', top: top + 'px', width: Math.max(3, right - left) + 'px', height: Math.max(3, bottom - top) + 'px' });
  }

  #open(grid: HeatGrid, column: number, row: number): void {
    const { data } = grid;
    if (column < 0 || row < 0 || data.behind === '' || grid.count(column, row) === 0) return;
    this.follow(data.behind.replace('{from}', String(data.times[column])).replace('{to}', String(data.times[column]! + data.stepMs))
      .replace('{min}', String(Math.floor(data.borders[row]!))).replace('{max}', String(Math.ceil(data.borders[row + 1]!))));
  }

  protected override pressed(event: KeyboardEvent, u: uPlot, data: HeatData): boolean {
    const grid = this.#grid!;
    const last = data.times.length - 1;
    const now = this.#column < 0 ? last : this.#column;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const to = this.#column < 0 ? last : Math.min(last, Math.max(0, now + (event.key === 'ArrowLeft' ? -1 : 1)));
        if (event.shiftKey) this.selectFrom(now);
        else this.unselect();
        this.#walk(u, grid, to, grid.fullest(to));
        return true;
      }
      case 'ArrowUp':
      case 'ArrowDown': {
        const by = event.key === 'ArrowUp' ? 1 : -1;
        let row = this.#row < 0 ? grid.fullest(now) : this.#row + by;
        while (row >= 0 && row < grid.rows && grid.count(now, row) === 0) row += by;
        if (row >= 0 && row < grid.rows) this.#walk(u, grid, now, row);
        return true;
      }
      case 'Enter':
        if (this.anchor !== null) this.zoomTo(now, data);
        else this.#open(grid, this.#column, this.#row);
        return true;
      case 'Escape':
        if (this.#column < 0) return false;
        this.#column = this.#row = -1;
        this.unselect();
        u.setCursor({ left: -10, top: -10 });
        return true;
      default: return false;
    }
  }

  #walk(u: uPlot, grid: HeatGrid, column: number, row: number): void {
    const middle = (at: number) => u.valToPos((grid.data.times[at]! + grid.data.stepMs / 2) / 1000, 'x');
    u.setCursor({ left: middle(column), top: 10 }); // Moves the crosshair of the other charts too.
    this.#show(u, grid, column, row);
    if (this.anchor !== null) {
      const [first, last] = [Math.min(this.anchor, column), Math.max(this.anchor, column)];
      const [a, b] = [u.valToPos(grid.data.times[first]! / 1000, 'x'), u.valToPos((grid.data.times[last]! + grid.data.stepMs) / 1000, 'x')];
      u.setSelect({ left: a, top: 0, width: b - a, height: u.over.clientHeight }, false);
    }
    const failed = row < 0 ? 0 : grid.errors(column, row);
    this.say.textContent = `${clock(grid.data.times[column]!)}: ${row < 0 ? `no ${grid.data.noun}` : `${rangeText(grid, row)}, ${count(grid.count(column, row))} of ${count(grid.sum(column))} ${grid.data.noun}${failed > 0 ? `, ${count(failed)} failed` : ''}`}`;
  }
}

function value(name: string, text: string): HTMLElement { return el('div', { class: 'v' }, name, el('b', {}, text)); }

function rangeText(grid: HeatGrid, row: number): string { return `${figure(grid.data.borders[row]!, grid.data.unit)} – ${figure(grid.data.borders[row + 1]!, grid.data.unit)}`; }

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

/** About five round values. */
function evenTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough)!;
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => (Math.ceil(low / step) + i) * step);
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
