// The rows of a waterfall: which spans are folded away, which repeats stand as one. No DOM.

/** What /ui/data/trace sends: columns with a string table; spans in tree order, so a parent stands before its children. */
export interface Skeleton {
  count: number;
  strings: string[];
  service: number[];
  name: number[];
  resource: number[];
  /** Index of the parent; −1 for a root. */
  parent: number[];
  /** Whole µs since the trace's start. */
  start: number[];
  dur: number[];
  self: number[];
  flags: number[];
  totalUs: number;
  /** String index of a service → its colour token. */
  colors: Record<string, string>;
  /** Pairs: span, at µs. */
  events: number[];
}

/** One line: a span, or several alike of which `index` is the first. */
export interface Row { index: number; members: number[] | null }

export const isError = (data: Skeleton, i: number) => (data.flags[i]! & 1) !== 0;
export const isOrphan = (data: Skeleton, i: number) => (data.flags[i]! & 2) !== 0;
export const isCritical = (data: Skeleton, i: number) => (data.flags[i]! & 4) !== 0;

/** So many siblings alike in a row become one line. */
const repeatsFrom = 5;

/** More children than this are folded to a line after the first ones. */
const siblingsShown = 50;

export class WaterfallTree {
  readonly level: Int32Array;
  /** Index behind the last descendant. */
  readonly end: Int32Array;
  readonly childCount: Int32Array;
  /** Place among the siblings. */
  readonly position: Int32Array;
  readonly depth: number;
  readonly errors: number[] = [];
  /** Spans on the critical path. */
  readonly critical: number[] = [];
  readonly events = new Map<number, number[]>();

  #folded = new Set<number>();
  #openGroups = new Set<number>();
  #matches = new Set<number>();
  #gradients = new Map<number, [number, number][]>();

  constructor(readonly data: Skeleton) {
    const n = data.count;
    this.level = new Int32Array(n);
    this.end = new Int32Array(n);
    this.childCount = new Int32Array(n);
    this.position = new Int32Array(n);
    let depth = 0;
    for (let i = 0; i < n; i++) {
      const parent = data.parent[i]!;
      this.end[i] = i + 1;
      if (parent >= 0) {
        this.level[i] = this.level[parent]! + 1;
        this.position[i] = this.childCount[parent]!++;
        depth = Math.max(depth, this.level[i]!);
      }
      if (isError(data, i)) this.errors.push(i);
      if (isCritical(data, i)) this.critical.push(i);
    }
    for (let i = n - 1; i >= 0; i--) {
      const parent = data.parent[i]!;
      if (parent >= 0) this.end[parent] = Math.max(this.end[parent]!, this.end[i]!);
    }
    this.depth = depth;
    for (let i = 0; i < data.events.length; i += 2) push(this.events, data.events[i]!, data.events[i + 1]!);
    if (n > 200) this.#foldBeside();
  }

  /** A long trace opens only where something happened: the way to the first error, else the critical path. */
  #foldBeside(): void {
    const path = new Set<number>();
    const add = (i: number) => { for (let at = i; at >= 0 && !path.has(at); at = this.data.parent[at]!) path.add(at); };
    if (this.errors.length > 0) add(this.errors[0]!);
    else for (const i of this.critical) add(i);
    for (let i = 0; i < this.data.count; i++) if (this.childCount[i]! > 0 && this.level[i]! >= 2 && !path.has(i)) this.#folded.add(i);
    if (this.errors.length > 0) this.reveal(this.errors[0]!);
  }

  get hasFolds(): boolean { return this.#folded.size > 0; }

  isFolded(i: number): boolean { return this.#folded.has(i); }
  isMatch(i: number): boolean { return this.#matches.has(i); }
  siblings(i: number): number { return this.data.parent[i]! >= 0 ? this.childCount[this.data.parent[i]!]! : 1; }
  colorOf(i: number): string { return this.data.colors[this.data.service[i]!] ?? 's9'; }

  keepFolds(before: WaterfallTree): void {
    this.#folded = before.#folded;
    this.#openGroups = before.#openGroups;
  }

  toggle(i: number): void {
    if (!this.#folded.delete(i) && this.childCount[i]! > 0) this.#folded.add(i);
  }

  openGroup(first: number): void { this.#openGroups.add(first); }

  foldAll(fold: boolean): void {
    this.#folded.clear();
    this.#openGroups.clear();
    if (fold) for (let i = 0; i < this.data.count; i++) if (this.childCount[i]! > 0 && this.level[i]! > 0) this.#folded.add(i);
  }

  /** Opens whatever hides a span. True when something was opened. */
  reveal(i: number): boolean {
    let opened = false;
    for (let at = this.data.parent[i]!; at >= 0; at = this.data.parent[at]!) opened = this.#folded.delete(at) || opened;
    for (let at = i; at >= 0; at = this.data.parent[at]!) {
      for (const group of this.#groupsAround(at)) {
        if (this.#openGroups.has(group)) continue;
        this.#openGroups.add(group);
        opened = true;
      }
    }
    return opened;
  }

  /** The lines to show, from top to bottom. */
  rows(): Row[] {
    const rows: Row[] = [];
    const visit = (siblings: number[]) => {
      for (const run of this.#runs(siblings)) {
        if (run.length > 1 && !this.#openGroups.has(run[0]!)) {
          rows.push({ index: run[0]!, members: run });
          continue;
        }
        for (const i of run) {
          rows.push({ index: i, members: null });
          if (this.childCount[i]! > 0 && !this.#folded.has(i)) visit(this.#children(i));
        }
      }
    };
    const roots: number[] = [];
    for (let i = 0; i < this.data.count; i = this.end[i]!) roots.push(i);
    visit(roots);
    return rows;
  }

  /** Spans whose service, operation or resource holds the text. */
  search(needle: string): number[] {
    this.#matches.clear();
    if (needle === '') return [];
    const lower = needle.toLowerCase();
    const hit = this.data.strings.map(text => text.toLowerCase().includes(lower));
    const found: number[] = [];
    for (let i = 0; i < this.data.count; i++) {
      if (hit[this.data.service[i]!] || hit[this.data.name[i]!] || hit[this.data.resource[i]!]) {
        found.push(i);
        this.#matches.add(i);
      }
    }
    return found;
  }

  /** The bar's background: full colour where the span itself worked, lighter where a child did. */
  selfGradient(i: number, from: number, to: number): string {
    if (this.childCount[i] === 0) return 'var(--c)';
    const start = Math.max(this.data.start[i]!, from - (to - from) * 0.005);
    const end = Math.min(this.data.start[i]! + this.data.dur[i]!, to + (to - from) * 0.005);
    const size = end - start;
    if (size <= 0) return 'var(--c)';
    const light = 'color-mix(in srgb, var(--c) 42%, var(--surface))';
    const stops: string[] = [];
    let at = start;
    for (const [a, b] of this.#covered(i)) {
      if (b <= start || a >= end) continue;
      const left = Math.max(a, start);
      const right = Math.min(b, end);
      if ((right - left) / size < 0.001) continue;
      stops.push(`var(--c) ${percent(at, start, size)} ${percent(left, start, size)}`, `${light} ${percent(left, start, size)} ${percent(right, start, size)}`);
      at = right;
      if (stops.length > 80) return light;
    }
    stops.push(`var(--c) ${percent(at, start, size)} 100%`);
    return `linear-gradient(90deg, ${stops.join(', ')})`;
  }

  /** Stretches in which the span itself worked, no child of it. */
  ownTime(i: number): [number, number][] {
    const start = this.data.start[i]!;
    const end = start + this.data.dur[i]!;
    const own: [number, number][] = [];
    let at = start;
    for (const [a, b] of this.#covered(i)) {
      if (a > at) own.push([at, Math.min(a, end)]);
      at = Math.max(at, b);
    }
    if (at < end) own.push([at, end]);
    return own.slice(0, 200);
  }

  /** Stretches of a span in which at least one child ran. */
  #covered(i: number): [number, number][] {
    let covered = this.#gradients.get(i);
    if (covered) return covered;
    covered = [];
    const parts = this.#children(i).map(c => [this.data.start[c]!, this.data.start[c]! + this.data.dur[c]!] as [number, number]).sort((a, b) => a[0] - b[0]);
    for (const part of parts) {
      const last = covered[covered.length - 1];
      if (last && part[0] <= last[1]) last[1] = Math.max(last[1], part[1]);
      else covered.push(part);
    }
    this.#gradients.set(i, covered);
    return covered;
  }

  #children(i: number): number[] {
    const children: number[] = [];
    for (let c = i + 1; c < this.end[i]!; c = this.end[c]!) children.push(c);
    return children;
  }

  /** Siblings in runs: alike ones that follow each other, and the many behind the first ones. */
  #runs(siblings: number[]): number[][] {
    const runs: number[][] = [];
    for (const i of siblings) {
      const run = runs[runs.length - 1];
      if (run && this.#alike(run[0]!, i)) run.push(i);
      else runs.push([i]);
    }
    const shown = runs.flatMap(run => run.length >= repeatsFrom ? [run] : run.map(i => [i]));
    if (shown.length <= siblingsShown) return shown;
    const rest = shown.slice(siblingsShown - 1).flat();
    if (rest.length < 2 || this.#openGroups.has(rest[0]!)) return shown;
    return [...shown.slice(0, siblingsShown - 1), rest];
  }

  #alike(a: number, b: number): boolean {
    const d = this.data;
    return d.service[a] === d.service[b] && d.name[a] === d.name[b] && d.resource[a] === d.resource[b];
  }

  #groupsAround(i: number): number[] {
    const parent = this.data.parent[i]!;
    if (parent < 0) return [];
    const groups: number[] = [];
    const holding = () => this.#runs(this.#children(parent)).find(run => run.length > 1 && run.includes(i))?.[0];
    const outer = holding();
    if (outer === undefined) return [];
    groups.push(outer);
    if (this.#openGroups.has(outer)) return groups;
    // Opening the rest of many siblings may bring up a run of alike ones within it.
    this.#openGroups.add(outer);
    const inner = holding();
    this.#openGroups.delete(outer);
    if (inner !== undefined && inner !== outer) groups.push(inner);
    return groups;
  }
}

function push<T>(map: Map<number, T[]>, key: number, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function percent(at: number, start: number, size: number): string {
  return ((at - start) / size * 100).toFixed(2) + '%';
}
