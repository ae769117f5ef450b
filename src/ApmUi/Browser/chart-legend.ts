// The legend as a table: a row per series with its least, mean, greatest and last value. Click shows one alone, Ctrl-click hides or adds it.

import { type ChartData, type Series } from './chart-data';
import { figure } from './format';
import { el } from './island';

export function legendTable(data: ChartData, off: ReadonlySet<string>, swatch: (s: Series) => HTMLElement, toggle: (name: string, adds: boolean) => void): HTMLElement {
  const rows = data.series.map(s => {
    const name = el('button', { type: 'button', class: off.has(s.name) ? 'off' : '', 'aria-pressed': !off.has(s.name), title: `${s.name}. Click shows this one alone; Ctrl-click hides or adds it` }, swatch(s), el('span', {}, s.name));
    name.addEventListener('click', event => toggle(s.name, event.ctrlKey || event.metaKey));
    return el('tr', {}, el('td', {}, name), ...figuresOf(s.values).map(value => el('td', {}, figure(value, s.unit ?? data.unit))));
  });
  const heads = ['min', 'avg', 'max', 'last'].map(text => el('th', { scope: 'col' }, text));
  return el('div', { class: 'rows', tabindex: '0', role: 'region', 'aria-label': 'Legend' }, el('table', {}, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Series'), ...heads)), el('tbody', {}, ...rows)));
}

/** Least, mean, greatest and last of the values that are there. */
function figuresOf(values: readonly (number | null)[]): (number | null)[] {
  const known = values.filter((v): v is number => v !== null);
  if (known.length === 0) return [null, null, null, null];
  return [Math.min(...known), known.reduce((a, b) => a + b, 0) / known.length, Math.max(...known), known.at(-1)!];
}
