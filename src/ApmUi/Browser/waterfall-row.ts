// One line of the waterfall: its elements are made once and filled anew while one scrolls.

import { micros } from './format';
import { el } from './island';
import { colorOf, endOf, isCritical, isError, isOrphan, serviceOf, titleOf } from './skeleton';
import type { Range } from './trace-range';
import type { Row, WaterfallTree } from './waterfall-tree';

export const rowHeight = 24;

/** What a line shows besides its span. */
export interface RowState {
  shown: Range;
  /** The span in the panel; −1 for none. */
  selected: number;
  isCursor: boolean;
  isDim: boolean;
}

export class WaterfallRow {
  readonly element: HTMLElement;
  /** Place among the lines; −1 before the first fill. */
  at = -1;
  #indent = el('span', { class: 'ind' });
  #fold = el('button', { class: 'fold', type: 'button', tabindex: '-1', 'aria-hidden': 'true' });
  #service = el('b');
  #operation = el('span', { class: 'op' });
  #count = el('span', { class: 'n' });
  #error = el('span', { class: 'x' }, 'error');
  #bar = el('div', { class: 'b' });
  #time = el('span', { class: 'd' });
  #line = el('div', { class: 'tl', role: 'gridcell' }, this.#bar, this.#time);
  #extras: HTMLElement[] = [];

  constructor() {
    this.element = el('div', { class: 'r', role: 'row' },
      el('div', { class: 'nm', role: 'gridcell' }, this.#indent, this.#fold, el('span', { class: 'sv' }), this.#service, this.#operation, this.#count, this.#error), this.#line);
  }

  fill(at: number, row: Row, tree: WaterfallTree, state: RowState): void {
    const { data } = tree;
    const { index: i, group } = row;
    const { element } = this;
    this.at = at;
    element.hidden = false;
    element.style.transform = `translateY(${at * rowHeight}px)`;
    element.style.setProperty('--c', `var(--${colorOf(data, i)})`);

    const level = tree.level[i]!;
    const isFolded = group !== null || tree.isFolded(i);
    const canFold = tree.childCount[i]! > 0 || group !== null;
    this.#indent.style.width = Math.min(level, 40) * 12 + 'px';
    this.#fold.className = 'fold' + (canFold ? isFolded ? '' : ' open' : ' none');
    const isRest = group?.why === 'rest';
    this.#service.textContent = isRest ? 'and' : serviceOf(data, i);
    this.#operation.textContent = isRest ? `${group.members.length.toLocaleString('en')} more beneath the same span` : titleOf(data, i);
    this.#operation.title = isRest ? 'Click to show them' : `${data.strings[data.name[i]!]}  ${data.strings[data.resource[i]!]}`.slice(0, 2000);
    const isBad = group ? group.hasError : isError(data, i);
    this.#error.hidden = !isBad;
    const hidden = group ? group.members.length : tree.isFolded(i) ? tree.end[i]! - i - 1 : 0;
    this.#count.hidden = hidden === 0 || isRest;
    this.#count.className = group?.why === 'repeated' ? 'n np1' : 'n';
    this.#count.textContent = group ? `${group.why === 'repeated' ? 'N+1 ' : ''}×${hidden.toLocaleString('en')}` : `+${hidden.toLocaleString('en')}`;
    this.#count.title = group?.why === 'repeated' ? 'One call for each item, where one for all would do' : group ? 'Spans alike' : 'Spans beneath it';

    const from = group ? group.from : data.start[i]!;
    const to = group ? group.to : endOf(data, i);
    const size = state.shown.to - state.shown.from;
    const left = (from - state.shown.from) / size * 100;
    const width = (to - from) / size * 100;
    const bar = this.#bar;
    bar.style.left = clampPercent(left) + '%';
    bar.style.width = clampPercent(left + width) - clampPercent(left) + '%';
    bar.hidden = left > 100 || left + width < 0;
    bar.className = 'b' + (group ? ' grp' : '') + (isBad ? ' bad' : '');
    bar.style.background = group ? '' : tree.selfGradient(i, state.shown.from, state.shown.to);
    this.#label(left, width, group ? group.sumUs : data.dur[i]!, group !== null);
    this.#drawExtras(i, tree, group !== null, state.shown);

    const isSelected = i === state.selected && !group;
    element.className = 'r' + (isSelected ? ' sel' : '') + (state.isCursor ? ' cur' : '') + (state.isDim ? ' dim' : '');
    element.id = 'row' + at;
    element.setAttribute('aria-rowindex', String(at + 1));
    element.setAttribute('aria-level', String(level + 1));
    element.setAttribute('aria-setsize', String(tree.siblings(i)));
    element.setAttribute('aria-posinset', String(tree.position[i]! + 1));
    element.setAttribute('aria-selected', String(isSelected));
    if (canFold) element.setAttribute('aria-expanded', String(!isFolded));
    else element.removeAttribute('aria-expanded');
    element.setAttribute('aria-label', isRest ? `${this.#operation.textContent}, folded`
      : `${group ? `${hidden} times ` : ''}${serviceOf(data, i)} ${titleOf(data, i).slice(0, 200)}, ${micros(group ? group.sumUs : data.dur[i]!)}${isBad ? ', error' : ''}${isOrphan(data, i) ? ', its parent is missing' : ''}`);
  }

  /** The duration right of its bar; left of it where that would leave the view; inside for a bar that fills it. */
  #label(left: number, width: number, us: number, isSum: boolean): void {
    const { style } = this.#time;
    this.#time.textContent = (isSum ? 'Σ ' : '') + micros(us);
    this.#time.hidden = this.#bar.hidden;
    const right = clampPercent(left + width);
    if (right < 88) {
      style.left = right + '%';
      style.right = '';
      this.#time.className = 'd';
    } else if (left > 12) {
      style.left = '';
      style.right = 100 - left + '%';
      this.#time.className = 'd';
    } else {
      style.left = '';
      style.right = Math.max(0, 100 - right) + '%';
      this.#time.className = 'd in';
    }
  }

  /** Critical path beneath the bar, ticks of events on it. */
  #drawExtras(i: number, tree: WaterfallTree, isGroup: boolean, shown: Range): void {
    for (const extra of this.#extras) extra.remove();
    this.#extras.length = 0;
    if (isGroup) return;
    const size = shown.to - shown.from;
    for (const [from, to] of isCritical(tree.data, i) ? tree.ownTime(i) : []) {
      const left = clampPercent((from - shown.from) / size * 100);
      const right = clampPercent((to - shown.from) / size * 100);
      if (right <= left) continue;
      const line = el('i', { class: 'k' });
      line.style.left = left + '%';
      line.style.width = right - left + '%';
      this.#extras.push(line);
    }
    for (const at of (tree.events.get(i) ?? []).slice(0, 200)) {
      const left = (at - shown.from) / size * 100;
      if (left < 0 || left > 100) continue;
      const tick = el('i', { class: 'e' });
      tick.style.left = left + '%';
      this.#extras.push(tick);
    }
    this.#line.append(...this.#extras);
  }
}

function clampPercent(value: number): number {
  return Math.min(100.5, Math.max(-0.5, value));
}
