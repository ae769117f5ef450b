// <apm-waterfall src span zoom>: the spans of one trace as rows, for up to 100,000 of them.
// Only the rows in sight exist; their fields are changed in place. Order, self time and critical path come from the server.

import { micros } from './format';
import { el } from './island';
import { type Skeleton, isCritical, serviceOf, titleOf } from './skeleton';
import { TraceIsland, barButton } from './trace-island';
import { type Row, WaterfallTree } from './waterfall-tree';
import { WaterfallRow, rowHeight } from './waterfall-row';
import style from './waterfall.css';

class ApmWaterfall extends TraceIsland {
  #tree: WaterfallTree | null = null;
  #rows: Row[] = [];
  #pool: WaterfallRow[] = [];
  #ordering = 0;
  #cursor = 0;
  #criticalOnly = false;
  #nameWidth = 400;

  #nextError = barButton('Next error', 'x', () => this.jump(this.#tree?.errors ?? [], 1));
  #critical = barButton('Critical path', 'k', () => this.#toggleCritical(), true);
  #unfold = barButton('Unfold all', 'Shift+E', () => this.#toggleAll());
  #whole = barButton('Whole trace', '0', () => this.whole());
  #view = el('div', { class: 'view', role: 'treegrid', tabindex: '0', 'aria-label': 'Spans of this trace', 'aria-rowcount': '0' });
  #space = el('div', { class: 'space', role: 'presentation' });
  #grip = el('div', { class: 'grip', role: 'separator', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Width of the name column', 'aria-valuenow': '400' });

  constructor() {
    super(style);
    const bar = el('div', { class: 'bar' }, this.find.input, this.find.next, this.find.say, el('span', { class: 'gap' }), this.#nextError, this.#critical, this.#unfold, this.#whole);
    const head = el('div', { class: 'head' }, el('div', { class: 'title', 'aria-hidden': 'true' }, 'Service and operation'), this.ticks, this.#grip);
    this.#view.append(this.#space);
    this.root.append(bar, this.minimap.element, head, this.#view, this.live);
    this.#view.addEventListener('scroll', () => this.schedule(), { passive: true });
    this.#view.addEventListener('wheel', event => this.#wheel(event), { passive: false });
    this.#view.addEventListener('click', event => this.#click(event));
    this.#grip.addEventListener('pointerdown', event => this.#dragGrip(event));
    this.#grip.addEventListener('keydown', event => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      this.#setNameWidth(this.#nameWidth + (event.key === 'ArrowLeft' ? -16 : 16));
      event.stopPropagation();
      event.preventDefault();
    });
  }

  /** For tests: what can be seen. */
  inspect(): object {
    const row = this.#rows[this.#cursor];
    return {
      spans: this.data?.count ?? 0,
      rows: this.#rows.length,
      drawn: this.#pool.filter(line => !line.element.hidden).length,
      cursor: this.#cursor,
      cursorSpan: row?.index ?? -1,
      groups: this.#rows.filter(r => r.group).map(r => ({ count: r.group!.members.length, why: r.group!.why, title: this.data ? titleOf(this.data, r.index) : '' })).slice(0, 50),
      fromUs: this.shown.from, toUs: this.shown.to,
      matches: this.find.matches.length,
      errors: this.#tree?.errors.length ?? 0,
      critical: this.#criticalOnly,
    };
  }

  protected onData(data: Skeleton): void {
    const before = this.#tree;
    this.#tree = new WaterfallTree(data);
    if (before) this.#tree.keepFolds(before);
    this.#nextError.hidden = this.#tree.errors.length === 0;
    this.#nextError.replaceChildren(`Next error (${this.#tree.errors.length.toLocaleString('en')})`);
    this.#list();
    // A trace that failed opens where it failed.
    if (!before && this.selected < 0 && this.#tree.errors.length > 0) this.#step(this.#rows.findIndex(r => r.index === this.#tree!.errors[0] && !r.group), false);
  }

  protected onFailure(shown: HTMLElement): void {
    this.#space.replaceChildren(shown);
    this.#pool = [];
  }

  protected levels() { return { of: this.#tree!.level, depth: this.#tree!.depth }; }
  protected get cursorSpan(): number { return this.#rows[this.#cursor]?.index ?? 0; }
  protected takeFocus(): void { this.#view.focus(); }

  /** Builds the list of rows anew after folding. */
  #list(): void {
    const tree = this.#tree;
    if (!tree) return;
    const index = this.#rows[this.#cursor]?.index;
    this.#rows = tree.rows();
    this.#cursor = Math.max(0, index === undefined ? 0 : this.#rows.findIndex(r => r.index === index));
    this.#space.style.height = this.#rows.length * rowHeight + 'px';
    this.#view.setAttribute('aria-rowcount', String(this.#rows.length));
    this.#unfold.textContent = tree.hasFolds ? 'Unfold all' : 'Fold all';
    this.onSize();
    this.schedule();
  }

  protected override onSize(): void {
    const top = this.#view.getBoundingClientRect().top + window.scrollY;
    const room = Math.max(240, window.innerHeight - Math.min(top, window.innerHeight / 2) - 14);
    this.#view.style.height = Math.min(this.#rows.length * rowHeight, room) + 'px';
  }

  protected override drawRange(): void {
    super.drawRange();
    this.#whole.disabled = !this.isZoomed;
  }

  protected draw(): void {
    const tree = this.#tree;
    if (!tree) return;
    const first = Math.max(0, Math.floor(this.#view.scrollTop / rowHeight) - 4);
    const last = Math.min(this.#rows.length, Math.ceil((this.#view.scrollTop + this.#view.clientHeight) / rowHeight) + 4);
    while (this.#pool.length < last - first) {
      const line = new WaterfallRow();
      this.#pool.push(line);
      this.#space.append(line.element);
    }
    const { selected, shown } = this;
    // A row keeps its element while it is in sight, so that selected text stays selected.
    const free = this.#pool.filter(line => line.at < first || line.at >= last || line.element.hidden);
    const kept = new Map(this.#pool.filter(line => !free.includes(line)).map(line => [line.at, line]));
    for (let at = first; at < last; at++) {
      const row = this.#rows[at]!;
      const line = kept.get(at) ?? free.shift()!;
      const isMatch = !this.find.isOn || (row.group ? row.group.members.some(i => this.find.has(i)) : this.find.has(row.index));
      const isOnPath = !this.#criticalOnly || (row.group ? row.group.members.some(i => isCritical(tree.data, i)) : isCritical(tree.data, row.index));
      line.fill(at, row, tree, { shown, selected, isCursor: at === this.#cursor, isDim: !isMatch || !isOnPath });
      if (at === this.#cursor) this.#view.setAttribute('aria-activedescendant', line.element.id);
    }
    for (const line of free) line.element.hidden = true;
    clearTimeout(this.#ordering);
    this.#ordering = window.setTimeout(() => this.#orderRows(), 200);
  }

  /** Screen readers follow the document's order, which scrolling mixes up; it is mended once the view rests. */
  #orderRows(): void {
    if (getSelection()?.type === 'Range') return;
    const inOrder = [...this.#pool].sort((a, b) => a.at - b.at);
    if (inOrder.every((line, at) => this.#pool[at] === line)) return;
    this.#pool = inOrder;
    this.#space.append(...inOrder.map(line => line.element));
  }

  #dragGrip(event: PointerEvent): void {
    const left = this.getBoundingClientRect().left;
    const abort = new AbortController();
    this.#grip.setPointerCapture(event.pointerId);
    this.#grip.addEventListener('pointermove', e => this.#setNameWidth(e.clientX - left), { signal: abort.signal });
    this.#grip.addEventListener('pointerup', () => abort.abort(), { signal: abort.signal });
  }

  #setNameWidth(px: number): void {
    this.#nameWidth = Math.max(140, Math.min(this.clientWidth - 160, px));
    this.style.setProperty('--name', this.#nameWidth + 'px');
    this.#grip.setAttribute('aria-valuenow', String(Math.round(this.#nameWidth)));
    this.drawRange();
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const box = this.ticks.getBoundingClientRect();
    const width = this.shown.to - this.shown.from;
    if (event.ctrlKey) this.zoomAt(this.shown.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * width, event.deltaY > 0 ? 1.25 : 0.8);
    else this.pan((event.deltaY || event.deltaX) / box.width * width);
  }

  #click(event: MouseEvent): void {
    const element = (event.target as HTMLElement).closest<HTMLElement>('.r');
    if (!element || getSelection()?.type === 'Range') return;
    const line = this.#pool.find(each => each.element === element);
    if (!line) return;
    this.#cursor = line.at;
    const row = this.#rows[line.at]!;
    if ((event.target as HTMLElement).closest('.fold') || row.group) this.#toggle(row);
    else this.select(row.index, false);
  }

  #toggle(row: Row): void {
    if (!this.#tree) return;
    if (row.group) this.#tree.open(row.group);
    else this.#tree.toggle(row.index);
    this.#list();
  }

  #toggleAll(): void {
    if (!this.#tree) return;
    this.#tree.foldAll(!this.#tree.hasFolds);
    this.#list();
  }

  #toggleCritical(): void {
    this.#criticalOnly = !this.#criticalOnly;
    this.#critical.setAttribute('aria-pressed', String(this.#criticalOnly));
    if (this.#criticalOnly && this.#tree) {
      for (const i of this.#tree.critical) this.#tree.reveal(i);
      this.#list();
    }
    this.schedule();
  }

  protected moveTo(index: number, select: boolean): void {
    if (this.#tree?.reveal(index)) this.#list();
    this.#step(this.#rows.findIndex(r => r.index === index && !r.group), select);
  }

  #step(at: number, select: boolean): void {
    if (at < 0 || at >= this.#rows.length || !this.data) return;
    this.#cursor = at;
    const top = at * rowHeight;
    const view = this.#view;
    if (top < view.scrollTop + rowHeight) view.scrollTop = Math.max(0, top - rowHeight * 3);
    else if (top + rowHeight * 2 > view.scrollTop + view.clientHeight) view.scrollTop = top - view.clientHeight + rowHeight * 4;
    this.schedule();
    const row = this.#rows[at]!;
    this.live.textContent = `${at + 1} of ${this.#rows.length}: ${serviceOf(this.data, row.index)} ${titleOf(this.data, row.index)}, ${micros(this.data.dur[row.index]!)}`;
    if (select && !row.group) this.select(row.index, true);
  }

  protected override key(key: string, target: HTMLElement): boolean {
    const tree = this.#tree;
    if (!tree) return false;
    const row = this.#rows[this.#cursor];
    const open = this.selected >= 0;
    const page = Math.floor(this.#view.clientHeight / rowHeight);
    switch (key) {
      case 'j': case 'f': case 'ArrowDown': this.#step(this.#cursor + 1, open); return true;
      case 'b': case 'ArrowUp': this.#step(this.#cursor - 1, open); return true;
      case 'PageDown': this.#step(Math.min(this.#rows.length - 1, this.#cursor + page), open); return true;
      case 'PageUp': this.#step(Math.max(0, this.#cursor - page), open); return true;
      case 'Home': this.#step(0, open); return true;
      case 'End': this.#step(this.#rows.length - 1, open); return true;
      case 'ArrowRight':
        if (row && (row.group || tree.isFolded(row.index))) this.#toggle(row);
        else if (row && tree.childCount[row.index]! > 0) this.#step(this.#cursor + 1, open);
        return true;
      case 'ArrowLeft':
        if (row && !row.group && tree.childCount[row.index]! > 0 && !tree.isFolded(row.index)) this.#toggle(row);
        else if (row && tree.data.parent[row.index]! >= 0) this.moveTo(tree.data.parent[row.index]!, open);
        return true;
      case 'Enter':
        if (!row || target.closest?.('a, button, summary')) return false;
        if (row.group) this.#toggle(row);
        else this.select(row.index, false);
        return true;
      case 'k': this.#toggleCritical(); return true;
      case 'x': this.jump(tree.errors, 1); return true;
      case 'X': this.jump(tree.errors, -1); return true;
      case 'E': this.#toggleAll(); return true;
      default: return super.key(key, target);
    }
  }
}

customElements.define('apm-waterfall', ApmWaterfall);
