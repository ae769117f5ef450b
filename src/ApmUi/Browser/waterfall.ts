// <apm-waterfall src span trace>: the spans of one trace as rows, for up to 100,000 of them.
// Only the rows in sight exist; their fields are changed in place. Order, self time and critical path come from the server.

import { figure, micros } from './format';
import { Island, el, failure } from './island';
import { go, urlWith } from './nav';
import { color, onTheme } from './theme';
import { WaterfallTree, type Row, type Skeleton, isCritical, isError, isOrphan } from './waterfall-tree';
import style from './waterfall.css';

const rowHeight = 24;

interface RowParts {
  row: HTMLElement; indent: HTMLElement; fold: HTMLButtonElement; mark: HTMLElement; service: HTMLElement; operation: HTMLElement;
  count: HTMLElement; error: HTMLElement; line: HTMLElement; bar: HTMLElement; time: HTMLElement; extras: HTMLElement[]; index: number;
}

class ApmWaterfall extends Island {
  static observedAttributes = ['src', 'span'];

  #tree: WaterfallTree | null = null;
  #rows: Row[] = [];
  #pool: RowParts[] = [];
  #ordering = 0;
  #cursor = 0;
  #from = 0;
  #to = 1;
  #matches: number[] = [];
  #needle = '';
  #criticalOnly = false;
  #frame = 0;
  #selectTimer = 0;
  #grips = 400;

  #find = el('input', { type: 'search', placeholder: 'Find in this trace', 'aria-label': 'Find in this trace', 'data-key': '/' }) as HTMLInputElement;
  #say = el('span', { class: 'say', role: 'status' });
  #next = button('Next match', 'n');
  #nextError = button('Next error', 'x');
  #critical = button('Critical path', 'k');
  #unfold = button('Unfold all', 'Shift+E');
  #whole = button('Whole trace', '0');
  #mini = el('div', { class: 'mini', 'aria-hidden': 'true' });
  #canvas = el('canvas') as HTMLCanvasElement;
  #ticks = el('div', { class: 'ticks', 'aria-hidden': 'true' });
  #head = el('div', { class: 'head' }, el('div', { class: 'title', 'aria-hidden': 'true' }, 'Service and operation'), this.#ticks);
  #view = el('div', { class: 'view', role: 'treegrid', tabindex: '0', 'aria-label': 'Spans of this trace', 'aria-rowcount': '0' });
  #space = el('div', { class: 'space', role: 'presentation' });
  #grip = el('div', { class: 'grip', role: 'separator', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Width of the name column', 'aria-valuenow': '400' });
  #live = el('div', { class: 'vh', 'aria-live': 'polite' });

  constructor() {
    super(style);
    const bar = el('div', { class: 'bar' }, this.#find, this.#next, this.#say, el('span', { class: 'gap' }), this.#nextError, this.#critical, this.#unfold, this.#whole);
    this.#mini.append(this.#canvas);
    this.#head.append(this.#grip);
    this.#view.append(this.#space);
    this.root.append(bar, this.#mini, this.#head, this.#view, this.#live);

    this.#find.addEventListener('input', () => this.#search(this.#find.value, true));
    this.#find.addEventListener('keydown', event => {
      if (event.key === 'Enter') this.#jump(this.#matches, event.shiftKey ? -1 : 1);
      else if (event.key === 'Escape') { this.#find.value = ''; this.#search('', false); this.#view.focus(); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.#next.addEventListener('click', () => this.#jump(this.#matches, 1));
    this.#nextError.addEventListener('click', () => this.#jump(this.#tree?.errors ?? [], 1));
    this.#critical.addEventListener('click', () => this.#toggleCritical());
    this.#unfold.addEventListener('click', () => this.#toggleAll());
    this.#whole.addEventListener('click', () => this.#zoom(0, this.#tree?.data.totalUs ?? 1));
    this.#view.addEventListener('scroll', () => this.#schedule(), { passive: true });
    this.#view.addEventListener('wheel', event => this.#wheel(event), { passive: false });
    this.#view.addEventListener('click', event => this.#click(event));
    this.#mini.addEventListener('pointerdown', event => this.#dragRange(event, this.#mini));
    this.#ticks.addEventListener('pointerdown', event => this.#dragRange(event, this.#ticks));
    this.#mini.addEventListener('dblclick', () => this.#zoom(0, this.#tree?.data.totalUs ?? 1));
    this.#grip.addEventListener('pointerdown', event => this.#dragGrip(event));
    this.#grip.addEventListener('keydown', event => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      this.#setGrip(this.#grips + (event.key === 'ArrowLeft' ? -16 : 16));
      event.stopPropagation();
      event.preventDefault();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const size = new ResizeObserver(() => this.#resize());
    size.observe(this);
    this.onDisconnect(() => size.disconnect());
    this.onDisconnect(onTheme(() => this.#drawMini()));
    this.listen(document, 'keydown', (event: KeyboardEvent) => this.#key(event));
    this.listen(window, 'resize', () => this.#resize());
    void this.#load();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === 'src') void this.#load();
    else this.#schedule();
  }

  /** For tests: what can be seen. */
  inspect(): object {
    return {
      spans: this.#tree?.data.count ?? 0,
      rows: this.#rows.length,
      drawn: this.#pool.filter(p => !p.row.hidden).length,
      cursor: this.#cursor,
      fromUs: this.#from, toUs: this.#to,
      matches: this.#matches.length,
    };
  }

  async #load(): Promise<void> {
    const src = this.getAttribute('src');
    if (!src) return;
    if (!this.#tree) this.state = 'loading';
    try {
      const data = await this.fetchJson<Skeleton>(src);
      if (!data) return;
      const started = performance.now();
      const before = this.#tree;
      this.#tree = new WaterfallTree(data);
      if (before) this.#tree.keepFolds(before);
      this.#from = 0;
      this.#to = Math.max(1, data.totalUs);
      this.#nextError.hidden = this.#tree.errors.length === 0;
      this.#nextError.replaceChildren(`Next error (${this.#tree.errors.length})`);
      const wanted = this.#selectedIndex();
      if (wanted >= 0) this.#tree.reveal(wanted);
      const needle = new URL(location.href).searchParams.get('find') ?? '';
      this.#find.value = needle;
      this.#list();
      this.#search(needle, false);
      if (wanted >= 0) this.#moveTo(wanted, false);
      this.#resize();
      this.state = data.count === 0 ? 'empty' : 'ready';
      this.dataset['drawMs'] = String(Math.round(performance.now() - started));
    } catch (error) {
      this.#space.replaceChildren(failure(error instanceof Error ? error.message : String(error), () => void this.#load()));
      this.#pool = [];
      this.state = 'error';
    }
  }

  #selectedIndex(): number {
    const text = this.getAttribute('span');
    return text === null || text === '' ? -1 : Number(text);
  }

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
    this.#resize();
    this.#schedule();
  }

  #resize(): void {
    if (!this.#tree) return;
    const top = this.#view.getBoundingClientRect().top + window.scrollY;
    const room = Math.max(240, window.innerHeight - Math.min(top, window.innerHeight / 2) - 14);
    this.#view.style.height = Math.min(this.#rows.length * rowHeight, room) + 'px';
    this.#drawMini();
    this.#drawTicks();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawRows();
    });
  }

  #drawRows(): void {
    const tree = this.#tree;
    if (!tree) return;
    const first = Math.max(0, Math.floor(this.#view.scrollTop / rowHeight) - 4);
    const last = Math.min(this.#rows.length, Math.ceil((this.#view.scrollTop + this.#view.clientHeight) / rowHeight) + 4);
    while (this.#pool.length < last - first) this.#pool.push(this.#makeRow());
    const selected = this.#selectedIndex();
    // A row keeps its element while it is in sight, so that selected text stays selected.
    const free = this.#pool.filter(p => p.index < first || p.index >= last || p.row.hidden);
    const kept = new Map(this.#pool.filter(p => !free.includes(p)).map(p => [p.index, p]));
    for (let i = first; i < last; i++) {
      const parts = kept.get(i) ?? free.shift()!;
      this.#fill(parts, i, tree, selected);
    }
    for (const parts of free) parts.row.hidden = true;
    clearTimeout(this.#ordering);
    this.#ordering = window.setTimeout(() => this.#orderRows(), 200);
  }

  /** Screen readers follow the document's order, which scrolling mixes up; it is mended once the view rests. */
  #orderRows(): void {
    if (getSelection()?.type === 'Range') return;
    const inOrder = [...this.#pool].sort((a, b) => a.index - b.index);
    if (inOrder.every((p, at) => this.#pool[at] === p)) return;
    this.#pool = inOrder;
    this.#space.append(...inOrder.map(p => p.row));
  }

  #makeRow(): RowParts {
    const indent = el('span', { class: 'ind' });
    const fold = el('button', { class: 'fold', type: 'button', tabindex: '-1', 'aria-hidden': 'true' }) as HTMLButtonElement;
    const mark = el('span', { class: 'sv' });
    const service = el('b');
    const operation = el('span', { class: 'op' });
    const count = el('span', { class: 'n' });
    const error = el('span', { class: 'x' }, 'error');
    const bar = el('div', { class: 'b' });
    const time = el('span', { class: 'd' });
    const line = el('div', { class: 'tl', role: 'gridcell' }, bar, time);
    const row = el('div', { class: 'r', role: 'row' }, el('div', { class: 'nm', role: 'gridcell' }, indent, fold, mark, service, operation, count, error), line);
    this.#space.append(row);
    return { row, indent, fold, mark, service, operation, count, error, line, bar, time, extras: [], index: -1 };
  }

  #fill(p: RowParts, at: number, tree: WaterfallTree, selected: number): void {
    const data = tree.data;
    const { index: i, members } = this.#rows[at]!;
    p.index = at;
    p.row.hidden = false;
    p.row.style.transform = `translateY(${at * rowHeight}px)`;
    const level = tree.level[i]!;
    const folded = members !== null || tree.isFolded(i);
    const children = tree.childCount[i]! > 0 || members !== null;
    p.indent.style.width = level * 12 + 'px';
    p.fold.className = 'fold' + (children ? folded ? '' : ' open' : ' none');
    const token = tree.colorOf(i);
    p.row.style.setProperty('--c', `var(--${token})`);
    const text = (c: number[]) => data.strings[c[i]!] ?? '';
    p.service.textContent = text(data.service);
    const name = text(data.name);
    const resource = text(data.resource);
    p.operation.textContent = resource === name || resource === '' ? name : resource;
    p.operation.title = `${name}  ${resource}`;
    const bad = members ? members.some(m => isError(data, m)) : isError(data, i);
    p.error.hidden = !bad;
    const hidden = members ? members.length : tree.isFolded(i) ? tree.end[i]! - i - 1 : 0;
    p.count.hidden = hidden === 0;
    p.count.textContent = members ? `×${hidden}` : `+${hidden}`;

    const from = data.start[i]!;
    const to = members ? Math.max(...members.map(m => data.start[m]! + data.dur[m]!)) : from + data.dur[i]!;
    const width = this.#to - this.#from;
    const left = (from - this.#from) / width * 100;
    const size = (to - from) / width * 100;
    p.bar.style.left = clampPercent(left) + '%';
    p.bar.style.width = clampPercent(left + size) - clampPercent(left) + '%';
    p.bar.hidden = left > 100 || left + size < 0;
    p.bar.className = 'b' + (members ? ' grp' : '') + (bad ? ' bad' : '');
    p.bar.style.background = members ? '' : tree.selfGradient(i, this.#from, this.#to);
    this.#label(p, left, size, members ? members.reduce((sum, m) => sum + data.dur[m]!, 0) : data.dur[i]!, members !== null);
    this.#extras(p, i, tree, members);

    const critical = !this.#criticalOnly || isCritical(data, i);
    p.row.className = 'r' + (i === selected && !members ? ' sel' : '') + (at === this.#cursor ? ' cur' : '')
      + (!critical || (this.#needle && !tree.isMatch(i)) ? ' dim' : '');
    p.row.id = 'row' + at;
    p.row.setAttribute('aria-rowindex', String(at + 1));
    p.row.setAttribute('aria-level', String(level + 1));
    p.row.setAttribute('aria-setsize', String(tree.siblings(i)));
    p.row.setAttribute('aria-posinset', String(tree.position[i]! + 1));
    p.row.setAttribute('aria-selected', String(i === selected));
    if (children) p.row.setAttribute('aria-expanded', String(!folded));
    else p.row.removeAttribute('aria-expanded');
    p.row.setAttribute('aria-label', `${text(data.service)} ${p.operation.textContent}, ${micros(data.dur[i]!)}${bad ? ', error' : ''}${isOrphan(data, i) ? ', its parent is missing' : ''}`);
    if (at === this.#cursor) this.#view.setAttribute('aria-activedescendant', p.row.id);
  }

  /** The duration right of its bar; left of it where that would leave the view; inside for a bar that fills it. */
  #label(p: RowParts, left: number, size: number, us: number, summed: boolean): void {
    p.time.textContent = (summed ? 'Σ ' : '') + micros(us);
    const right = clampPercent(left + size);
    const style = p.time.style;
    p.time.hidden = p.bar.hidden;
    if (right < 88) {
      style.left = right + '%';
      style.right = '';
      p.time.className = 'd';
    } else if (left > 12) {
      style.left = '';
      style.right = 100 - left + '%';
      p.time.className = 'd';
    } else {
      style.left = '';
      style.right = Math.max(0, 100 - right) + '%';
      p.time.className = 'd in';
    }
  }

  /** Critical path beneath the bar, ticks of events on it. */
  #extras(p: RowParts, i: number, tree: WaterfallTree, members: number[] | null): void {
    for (const extra of p.extras) extra.remove();
    p.extras.length = 0;
    if (members) return;
    const width = this.#to - this.#from;
    for (const [from, to] of isCritical(tree.data, i) ? tree.ownTime(i) : []) {
      const left = clampPercent((from - this.#from) / width * 100);
      const right = clampPercent((to - this.#from) / width * 100);
      if (right <= left) continue;
      const line = el('i', { class: 'k' });
      line.style.left = left + '%';
      line.style.width = right - left + '%';
      p.extras.push(line);
    }
    for (const at of tree.events.get(i) ?? []) {
      const left = (at - this.#from) / width * 100;
      if (left < 0 || left > 100) continue;
      const tick = el('i', { class: 'e' });
      tick.style.left = left + '%';
      p.extras.push(tick);
    }
    p.line.append(...p.extras);
  }

  #drawTicks(): void {
    const width = this.#ticks.clientWidth;
    const steps = Math.max(2, Math.min(8, Math.floor(width / 90)));
    const span = this.#to - this.#from;
    const rough = span / steps;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough) ?? power * 10;
    const marks: HTMLElement[] = [];
    for (let at = Math.ceil(this.#from / step) * step; at <= this.#to; at += step) {
      const mark = el('span', {}, micros(at));
      mark.style.left = (at - this.#from) / span * 100 + '%';
      marks.push(mark);
    }
    this.#ticks.replaceChildren(...marks);
    this.#whole.disabled = this.#from === 0 && this.#to >= (this.#tree?.data.totalUs ?? 0);
  }

  /** All spans at once; depth fills the height, errors lie on top. */
  #drawMini(): void {
    const tree = this.#tree;
    const width = this.#mini.clientWidth;
    if (!tree || width === 0) return;
    const scale = devicePixelRatio;
    this.#canvas.width = width * scale;
    this.#canvas.height = 52 * scale;
    const ctx = this.#canvas.getContext('2d')!;
    ctx.scale(scale, scale);
    const data = tree.data;
    const total = Math.max(1, data.totalUs);
    const lane = Math.max(1, Math.min(6, 48 / (tree.depth + 1)));
    const colors = new Map<string, string>();
    for (const errors of [false, true]) {
      for (let i = 0; i < data.count; i++) {
        if (isError(data, i) !== errors) continue;
        const token = errors ? 'error' : tree.colorOf(i);
        let fill = colors.get(token);
        if (!fill) colors.set(token, fill = color(token));
        ctx.fillStyle = fill;
        ctx.fillRect(data.start[i]! / total * width, 2 + Math.min(48 - lane, tree.level[i]! * lane), Math.max(1, data.dur[i]! / total * width), Math.max(1, lane - 1));
      }
    }
    for (const old of this.#mini.querySelectorAll('.mask')) old.remove();
    if (this.#from > 0 || this.#to < total) {
      for (const [from, to] of [[0, this.#from], [this.#to, total]] as const) {
        const mask = el('div', { class: 'mask' });
        mask.style.left = from / total * 100 + '%';
        mask.style.width = (to - from) / total * 100 + '%';
        this.#mini.append(mask);
      }
    }
  }

  #zoom(fromUs: number, toUs: number): void {
    const total = Math.max(1, this.#tree?.data.totalUs ?? 1);
    const size = Math.min(total, Math.max(5, toUs - fromUs));
    this.#from = Math.max(0, Math.min(fromUs, total - size));
    this.#to = this.#from + size;
    this.#drawMini();
    this.#drawTicks();
    this.#schedule();
  }

  /** A drag over the minimap (whole trace) or the time axis (what is shown) zooms there; under 5 px it is a click. */
  #dragRange(event: PointerEvent, on: HTMLElement): void {
    if (event.button !== 0 || !this.#tree) return;
    const box = on.getBoundingClientRect();
    const base: [number, number] = on === this.#mini ? [0, this.#tree.data.totalUs] : [this.#from, this.#to];
    const at = (e: PointerEvent) => base[0] + Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)) * (base[1] - base[0]);
    const start = at(event);
    const sel = el('div', { class: 'sel' });
    const total = Math.max(1, this.#tree.data.totalUs);
    const abort = new AbortController();
    on.setPointerCapture(event.pointerId);
    const cancel = () => { sel.remove(); abort.abort(); };
    on.addEventListener('pointermove', e => {
      const [a, b] = [Math.min(start, at(e)), Math.max(start, at(e))];
      sel.style.left = a / total * 100 + '%';
      sel.style.width = (b - a) / total * 100 + '%';
      this.#mini.append(sel);
    }, { signal: abort.signal });
    on.addEventListener('pointerup', e => {
      cancel();
      if (Math.abs(e.clientX - event.clientX) >= 5) this.#zoom(Math.min(start, at(e)), Math.max(start, at(e)));
    }, { signal: abort.signal });
    document.addEventListener('keydown', e => { if (e.key === 'Escape') cancel(); }, { signal: abort.signal });
  }

  #dragGrip(event: PointerEvent): void {
    const left = this.getBoundingClientRect().left;
    const abort = new AbortController();
    this.#grip.setPointerCapture(event.pointerId);
    this.#grip.addEventListener('pointermove', e => this.#setGrip(e.clientX - left), { signal: abort.signal });
    this.#grip.addEventListener('pointerup', () => abort.abort(), { signal: abort.signal });
  }

  #setGrip(px: number): void {
    this.#grips = Math.max(140, Math.min(this.clientWidth - 160, px));
    this.style.setProperty('--name', this.#grips + 'px');
    this.#grip.setAttribute('aria-valuenow', String(Math.round(this.#grips)));
    this.#drawTicks();
    this.#drawMini();
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const box = this.#ticks.getBoundingClientRect();
    const width = this.#to - this.#from;
    if (event.ctrlKey) {
      const pivot = this.#from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * width;
      const factor = event.deltaY > 0 ? 1.25 : 0.8;
      this.#zoom(pivot - (pivot - this.#from) * factor, pivot + (this.#to - pivot) * factor);
    } else {
      const by = (event.deltaY || event.deltaX) / box.width * width;
      this.#zoom(this.#from + by, this.#to + by);
    }
  }

  #click(event: MouseEvent): void {
    const element = (event.target as HTMLElement).closest<HTMLElement>('.r');
    if (!element || getSelection()?.type === 'Range') return;
    const parts = this.#pool.find(p => p.row === element);
    if (!parts) return;
    this.#cursor = parts.index;
    const row = this.#rows[parts.index]!;
    if ((event.target as HTMLElement).closest('.fold') || row.members) this.#toggle(row);
    else this.#select(row.index, false);
  }

  #toggle(row: Row): void {
    if (!this.#tree) return;
    if (row.members) this.#tree.openGroup(row.index);
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
    this.#schedule();
  }

  #select(index: number | null, soon: boolean): void {
    clearTimeout(this.#selectTimer);
    const wasOpen = this.#selectedIndex() >= 0;
    // Walking with the keys refines one gesture; opening and closing the panel are gestures of their own.
    this.#selectTimer = window.setTimeout(() => go(urlWith({ span: index }), wasOpen && index !== null), soon ? 160 : 0);
  }

  #moveTo(index: number, select: boolean): void {
    const tree = this.#tree;
    if (!tree) return;
    if (tree.reveal(index)) this.#list();
    this.#step(this.#rows.findIndex(r => r.index === index && !r.members), select);
  }

  #step(at: number, select: boolean): void {
    if (at < 0 || at >= this.#rows.length) return;
    this.#cursor = at;
    const top = at * rowHeight;
    const view = this.#view;
    if (top < view.scrollTop + rowHeight) view.scrollTop = Math.max(0, top - rowHeight * 3);
    else if (top + rowHeight * 2 > view.scrollTop + view.clientHeight) view.scrollTop = top - view.clientHeight + rowHeight * 4;
    this.#schedule();
    const row = this.#rows[at]!;
    const data = this.#tree!.data;
    this.#live.textContent = `${at + 1} of ${this.#rows.length}: ${data.strings[data.service[row.index]!]} ${data.strings[data.resource[row.index]!]}, ${micros(data.dur[row.index]!)}`;
    if (select && !row.members) this.#select(row.index, true);
  }

  #jump(among: number[], by: number): void {
    if (among.length === 0) return;
    const here = this.#rows[this.#cursor]?.index ?? 0;
    const target = by > 0 ? among.find(i => i > here) ?? among[0]! : among.findLast(i => i < here) ?? among[among.length - 1]!;
    this.#moveTo(target, true);
    if (among === this.#matches) this.#say.textContent = `${among.indexOf(target) + 1} of ${figure(among.length, 'count')}`;
  }

  #search(needle: string, jump: boolean): void {
    const tree = this.#tree;
    if (!tree) return;
    this.#needle = needle.trim();
    this.#matches = tree.search(this.#needle);
    this.#next.disabled = this.#matches.length === 0;
    this.#say.textContent = this.#needle === '' ? '' : this.#matches.length === 0 ? 'No span matches' : `${this.#matches.length} found`;
    if (jump && this.#matches.length > 0) this.#moveTo(this.#matches[0]!, false);
    this.#schedule();
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !this.#tree) return;
    const target = event.composedPath()[0] as HTMLElement;
    if (target.closest('input, select, textarea, dialog, [popover]')) return;
    const width = this.#to - this.#from;
    const row = this.#rows[this.#cursor];
    const open = this.#selectedIndex() >= 0;
    const middle = (this.#from + this.#to) / 2;
    switch (event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' + event.key : event.key) {
      case 'j': case 'f': case 'ArrowDown': this.#step(this.#cursor + 1, open); break;
      case 'k': this.#toggleCritical(); break;
      case 'b': case 'ArrowUp': this.#step(this.#cursor - 1, open); break;
      case 'PageDown': this.#step(Math.min(this.#rows.length - 1, this.#cursor + Math.floor(this.#view.clientHeight / rowHeight)), open); break;
      case 'PageUp': this.#step(Math.max(0, this.#cursor - Math.floor(this.#view.clientHeight / rowHeight)), open); break;
      case 'Home': this.#step(0, open); break;
      case 'End': this.#step(this.#rows.length - 1, open); break;
      case 'ArrowRight':
        if (row && (row.members || this.#tree.isFolded(row.index))) this.#toggle(row);
        else if (row && this.#tree.childCount[row.index]! > 0) this.#step(this.#cursor + 1, open);
        break;
      case 'ArrowLeft':
        if (row && !row.members && this.#tree.childCount[row.index]! > 0 && !this.#tree.isFolded(row.index)) this.#toggle(row);
        else if (row && this.#tree.data.parent[row.index]! >= 0) this.#moveTo(this.#tree.data.parent[row.index]!, open);
        break;
      case 'Shift+ArrowRight': this.#zoom(this.#from + width / 4, this.#to + width / 4); break;
      case 'Shift+ArrowLeft': this.#zoom(this.#from - width / 4, this.#to - width / 4); break;
      case 'Shift+ArrowUp': this.#zoom(middle - width / 4, middle + width / 4); break;
      case 'Shift+ArrowDown': this.#zoom(middle - width, middle + width); break;
      case 'Enter':
        if (!row || target.closest('a, button')) return;
        if (row.members) this.#toggle(row);
        else this.#select(row.index, false);
        break;
      case 'Escape':
        if (!open) return;
        this.#select(null, false);
        break;
      case 'n': this.#jump(this.#matches, 1); break;
      case 'N': this.#jump(this.#matches, -1); break;
      case 'x': this.#jump(this.#tree.errors, 1); break;
      case 'X': this.#jump(this.#tree.errors, -1); break;
      case 'E': this.#toggleAll(); break;
      case '0': this.#zoom(0, this.#tree.data.totalUs); break;
      case '/': this.#find.focus(); this.#find.select(); break;
      default: return;
    }
    event.preventDefault();
  }
}

function clampPercent(value: number): number {
  return Math.min(100.5, Math.max(-0.5, value));
}

function button(text: string, key: string): HTMLButtonElement {
  return el('button', { type: 'button', title: `${text} (${key})`, 'aria-pressed': text === 'Critical path' ? 'false' : null }, text) as HTMLButtonElement;
}

customElements.define('apm-waterfall', ApmWaterfall);
