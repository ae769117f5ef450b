// <apm-chart src label height>: a time series drawn with uPlot from column JSON of /ui/data.
// All charts of a page share one crosshair; a drag zooms the page; arrow keys walk, Shift+arrows select, Enter zooms.

import uPlot from 'uplot';
import { boundsOf, drawBands, drawLevels, drawOdd, drawShades, drawWide, expectedText } from './chart-band';
import { type ChartData, type Series, isThin, legendFigure, partText, valueAxis, valueText } from './chart-data';
import { legendTable } from './chart-legend';
import { drawMarks, marksIn } from './chart-marks';
import { drawParts, drawThin } from './chart-doubts';
import { type Unit, clock, figure } from './format';
import { el } from './island';
import { color } from './theme';
import { TimePlot, axisFont } from './time-plot';

/** Width of the axis of values, and of a sign on it, in pixels. */
const axisWidth = 58;
const widestDigit = 6.6;

/** Places of values without a neighbour within reach: a line through them has no length, so they are drawn as points. */
function loneAt(values: ArrayLike<number | null | undefined>, reach: number): number[] {
  const known = Array.from({ length: values.length }, (_, i) => i).filter(i => typeof values[i] === 'number');
  return known.filter((at, i) => !(at - known[i - 1]! <= reach + 1) && !(known[i + 1]! - at <= reach + 1));
}

/** Gaps, in canvas pixels, without those that a line goes on over. */
function gapsOver(u: uPlot, gaps: [number, number][], seconds: number): [number, number][] {
  const secondsPerPixel = (u.scales['x']!.max! - u.scales['x']!.min!) / u.bbox.width;
  return gaps.filter(([from, to]) => (to - from) * secondsPerPixel > seconds);
}

class ApmChart extends TimePlot<ChartData> {
  #off = new Set<string>();

  /** What the value that is pointed at looks back on. */
  readonly #bracket = el('div', { class: 'bracket', hidden: true });

  /** For tests: what is drawn. */
  inspect(): object {
    const data = this.data;
    return {
      series: data?.series.map(s => ({ name: s.name, points: s.values.filter(v => v !== null).length })) ?? [],
      stepMs: data?.stepMs, from: data?.fromMs, to: data?.toMs, unit: data?.unit,
      marks: data?.marks.map(m => m.detail) ?? [],
      odd: data?.series.flatMap(s => s.odd ?? []) ?? [],
      shades: data?.shades?.map(shade => shade.text) ?? [], levels: data?.levels?.map(level => level.text) ?? [],
      parts: data?.times.map((_, i) => partText(data, i)).filter(text => text !== '') ?? [],
      top: this.plot?.scales['y']?.max, rightTop: this.plot?.scales['right']?.max, at: this.plot?.cursor.idx ?? null, selected: this.plot?.select.width ?? 0, card: this.card.classList.contains('on') ? this.card.innerText : '',
    };
  }

  protected override isEmpty(data: ChartData): boolean { return data.series.every(s => s.values.every(v => v === null)); }

  protected override nameOf(data: ChartData): string { return `${this.getAttribute('label') ?? ''}. ${data.summary}`; }

  protected override makePlot(data: ChartData, width: number): uPlot {
    const { columns, series } = this.#columns(data);
    if (data.note) this.box.append(el('div', { class: 'note' }, data.note));
    return new uPlot(this.#options(data, series, width), columns, this.box);
  }

  /** uPlot's columns. What too few cases made is not part of a line. Stacked series are summed up from the bottom and drawn from the top, so that each shows its own part. */
  #columns(data: ChartData): { columns: uPlot.AlignedData; series: Series[] } {
    const times = data.times.map(ms => ms / 1000);
    const shown = data.series.filter(s => !this.#off.has(s.name));
    if (!data.stacked) return { columns: [times, ...shown.map(s => s.wholes ? s.values.map((v, i) => isThin(s, i) ? null : v) : s.values)] as uPlot.AlignedData, series: shown };
    const sums: number[] = new Array<number>(times.length).fill(0);
    const isKnown = times.map((_, i) => shown.some(s => typeof s.values[i] === 'number')); // Where none has a value, nothing is no zero.
    const tops = shown.map(s => s.values.map((v, i) => isKnown[i] ? (sums[i] = (sums[i] ?? 0) + (v ?? 0)) : null));
    return { columns: [times, ...tops.reverse()] as uPlot.AlignedData, series: [...shown].reverse() };
  }

  #options(data: ChartData, shown: Series[], width: number): uPlot.Options {
    const { x, axis: timeAxis, cursor, setSelect, ...frame } = this.frame(data, width);
    const grid = { stroke: color('line'), width: 1 };
    const text = color('text-2');
    const rightUnit = shown.find(s => s.unit)?.unit;
    const thinMax = (unit: Unit | undefined) => Math.max(0, ...shown.filter(s => s.unit === unit).flatMap(s => s.values.filter((_, i) => isThin(s, i)).map(v => v ?? 0)));
    const axisFor = (unit: Unit | undefined, max: number, min = 0) => valueAxis(max > 0 ? max : thinMax(unit), unit ?? data.unit, this.height, min);
    let axis = axisFor(undefined, 0);
    let rightAxis = axisFor(rightUnit, 0);
    return {
      ...frame,
      scales: {
        x,
        y: {
          range: (_u, min, max) => {
            const [low, high] = boundsOf(data, shown.filter(s => !s.unit), min, max);
            axis = axisFor(undefined, high, low);
            return [Math.min(axis.lines[0]!, data.min ?? Infinity), data.max ?? axis.lines.at(-1)!];
          },
        },
        right: { range: (_u, _min, max) => [0, (rightAxis = axisFor(rightUnit, max)).lines.at(-1)!] },
      },
      cursor: { ...cursor, points: { size: 6, width: 1.5, fill: () => color('surface') } },
      axes: [
        timeAxis,
        {
          stroke: text, font: axisFont, grid, ticks: { show: false }, gap: 6,
          size: (_u: uPlot, texts: string[] | null) => Math.max(axisWidth, ...(texts ?? []).map(text => 12 + text.length * widestDigit)), // Charts stand beneath each other; only what does not fit is wider.
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
        setSelect: [setSelect],
        drawAxes: [u => { drawShades(u, data.shades ?? []); drawBands(u, shown); }],
        draw: [u => { drawParts(u, data); drawThin(u, shown); drawWide(u, data, shown); drawOdd(u, shown); drawLevels(u, data.levels ?? []); drawMarks(u, data.marks); }],
        ready: [u => u.over.addEventListener('click', () => this.#clicked(u, data))],
      },
    };
  }

  #series(s: Series): uPlot.Series {
    const stroke = color(s.color);
    const bridged = s.bridgedSeconds;
    const common = {
      label: s.name, scale: s.unit ? 'right' : 'y', stroke, width: s.width === 'thick' ? 2.5 : s.width === 'thin' ? 1 : 1.5, spanGaps: false, points: { show: false },
      ...(bridged ? { gaps: (u: uPlot, _i: number, _a: number, _b: number, gaps: [number, number][]) => gapsOver(u, gaps, bridged) } : {}),
    };
    switch (s.draw) {
      case 'bars': return { ...common, width: 0, fill: stroke, paths: uPlot.paths.bars!({ size: [0.82, 28], align: 1 }) };
      case 'area': return { ...common, fill: stroke + '2e' };
      case 'points': return { ...common, width: 0, paths: () => null, points: { show: true, size: 4, fill: stroke, stroke } };
      default: return { ...common, ...(s.dash ? { dash: [4, 3] } : {}), points: { show: true, size: 4, fill: stroke, filter: (u, i) => loneAt(u.data[i]!, bridged ? Math.floor(bridged / (u.data[0]![1]! - u.data[0]![0]!)) : 0) } };
    }
  }

  protected override legendOf(data: ChartData): HTMLElement {
    if (this.getAttribute('legend') === 'table') return legendTable(data, this.#off, s => this.#swatch(s), (name, adds) => this.#toggle(name, adds));
    const buttons: HTMLElement[] = data.series.map(s => {
      const unit = s.unit ?? data.unit;
      const [value, of] = legendFigure(s, unit);
      const button = el('button', { type: 'button', class: this.#off.has(s.name) ? 'off' : '', 'aria-pressed': !this.#off.has(s.name), title: `${of}: ${figure(value, unit)}. Click shows this one alone; Ctrl-click hides or adds it` },
        this.#swatch(s), s.name, ' ', el('b', {}, figure(value, unit)));
      button.addEventListener('click', event => this.#toggle(s.name, event.ctrlKey || event.metaKey));
      return button;
    });
    return el('div', {}, ...(data.series.length > 1 || data.series[0]?.name ? buttons : []));
  }

  #swatch(s: Series): HTMLElement {
    const swatch = el('i', { class: 'sw' + (s.draw === 'bars' ? ' bar' : s.dash ? ' dash' : '') });
    swatch.style.setProperty('--c', `var(--${s.color})`);
    return swatch;
  }

  #toggle(name: string, adds: boolean): void {
    const names = this.data!.series.map(s => s.name);
    if (adds) {
      if (!this.#off.delete(name)) this.#off.add(name);
    } else {
      const alone = names.every(n => n === name || this.#off.has(n));
      this.#off = new Set(alone ? [] : names.filter(n => n !== name));
    }
    if (this.#off.size === names.length) this.#off.clear();
    this.draw();
  }

  protected override tableOf(data: ChartData): { head: string[]; rows: HTMLElement[] } {
    return {
      head: data.series.map(s => s.name),
      rows: data.times.flatMap((ms, i) => [
        el('tr', {}, el('td', {}, clock(ms, true, true), partText(data, i) && ` · ${partText(data, i)}`), ...data.series.map(s => el('td', {}, valueText(s, i, s.unit ?? data.unit)))),
        ...marksIn(data, i).map(m => el('tr', { class: 'event' }, el('td', {}, clock(m.atMs, true, true)), el('td', { colspan: String(Math.max(1, data.series.length)) }, m.detail))),
      ]),
    };
  }

  #showCard(u: uPlot, data: ChartData, shown: Series[]): void {
    const i = u.cursor.idx;
    const left = u.cursor.left ?? -1;
    if (i === null || i === undefined || left < 0) {
      this.card.classList.remove('on');
      this.#bracket.hidden = true;
      return;
    }
    if (data.windowMs) this.#placeBracket(u, data.times[i]!, data.windowMs);
    const ordered = data.stacked ? [...shown].reverse() : shown;
    this.card.replaceChildren(this.timeLine(data.times[i]!, data),
      ...ordered.map(s => el('div', { class: s.odd?.includes(i) ? 'v odd' : 'v' }, this.#swatch(s), s.name, el('b', {}, valueText(s, i, s.unit ?? data.unit)))),
      ...ordered.map(s => expectedText(s, i, data.unit)).filter(text => text !== '').map(text => el('div', { class: 'part' }, text)),
      ...(partText(data, i) ? [el('div', { class: 'part' }, `Not complete: ${partText(data, i)}`)] : []),
      ...(ordered.some(s => isThin(s, i)) ? [el('div', { class: 'part' }, 'Too few to tell much')] : []),
      ...(data.shades ?? []).filter(shade => shade.fromMs <= data.times[i]! && data.times[i]! < shade.toMs).map(shade => el('div', { class: 'part' }, shade.text)),
      ...data.marks.filter(m => Math.abs(u.valToPos(m.atMs / 1000, 'x') - left) < 8).map(m => el('div', { class: 'mark' }, `${clock(m.atMs, true)} ${m.detail}`)));
    this.placeCard(u, left, left);
  }

  #placeBracket(u: uPlot, atMs: number, windowMs: number): void {
    const [from, to] = [u.valToPos((atMs - windowMs) / 1000, 'x'), u.valToPos(atMs / 1000, 'x')];
    if (this.#bracket.parentElement !== u.over) u.over.append(this.#bracket);
    this.#bracket.hidden = false;
    this.#bracket.style.left = `${Math.max(0, from)}px`;
    this.#bracket.style.width = `${Math.max(2, to - Math.max(0, from))}px`;
  }

  #clicked(u: uPlot, data: ChartData): void {
    const i = u.cursor.idx;
    if (!data.behind || i === null || i === undefined || u.select.width > 0) return;
    const at = data.times[i]!;
    this.follow(data.behind.replace('{from}', String(at)).replace('{to}', String(at + data.stepMs)));
  }

  protected override pressed(event: KeyboardEvent, u: uPlot, data: ChartData): boolean {
    const now = u.cursor.idx ?? data.times.length - 1;
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowRight': {
        const to = Math.min(data.times.length - 1, Math.max(0, now + (event.key === 'ArrowLeft' ? -1 : 1)));
        if (event.shiftKey) this.selectFrom(now);
        else this.unselect();
        u.setCursor({ left: u.valToPos(data.times[to]! / 1000, 'x'), top: 10 });
        if (this.anchor !== null) {
          const a = u.valToPos(data.times[this.anchor]! / 1000, 'x');
          const b = u.valToPos(data.times[to]! / 1000, 'x');
          u.setSelect({ left: Math.min(a, b), top: 0, width: Math.abs(b - a), height: u.over.clientHeight }, false);
        }
        this.say.textContent = `${clock(data.times[to]!)}: ` + [...data.series.map(s => `${s.name} ${valueText(s, to, s.unit ?? data.unit)}`), ...(partText(data, to) ? [`not complete, ${partText(data, to)}`] : []), ...marksIn(data, to).map(m => m.detail)].join(', ');
        return true;
      }
      case 'Enter':
        if (this.anchor !== null) this.zoomTo(now, data);
        else this.#clicked(u, data);
        return true;
      case 'Escape':
        if (this.anchor === null) return false;
        this.unselect();
        return true;
      default: return false;
    }
  }
}

customElements.define('apm-chart', ApmChart);
