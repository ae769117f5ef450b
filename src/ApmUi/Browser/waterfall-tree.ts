// The rows of a waterfall: which spans are folded away, which repeats stand as one. No DOM.

import { type Skeleton, endOf, isCritical, isError, isRepeated } from './skeleton';

/** Spans that stand as one line until it is opened. */
export interface Group {
  members: number[];
  /** Where the first begins and the last ends, µs. */
  from: number;
  to: number;
  sumUs: number;
  hasError: boolean;
  /** Calls that a request repeats (the N+1), siblings alike, or the many behind the first ones. */
  why: 'repeated' | 'alike' | 'rest';
  parent: number;
}

/** One line: a span, or a group of which `index` is the first. */
export interface Row { index: number; group: Group | null }

/** So many siblings alike in a row become one line. */
const repeatsFrom = 5;

/** More children than this are folded to a line after the first ones. */
const siblingsShown = 50;

interface Siblings { runs: (number | Group)[]; rest: Group | null }

export class WaterfallTree {
  readonly level: Int32Array;
  /** Index behind the last descendant. */
  readonly end: Int32Array;
  readonly childCount: Int32Array;
  /** Place among the siblings. */
  readonly position: Int32Array;
  readonly depth: number;
  readonly rootCount: number;
  readonly errors: number[] = [];
  /** Spans on the critical path. */
  readonly critical: number[] = [];
  readonly events = new Map<number, number[]>();

  #folded = new Set<number>();
  /** By the first of a group. */
  #openGroups = new Set<number>();
  /** By the parent of the many. */
  #openRests = new Set<number>();
  #siblings = new Map<number, Siblings>();
  /** First of the group that holds a span; −1 for none. Filled with #siblings. */
  #groupOf: Int32Array;
  #inRest: Uint8Array;
  #covered = new Map<number, [number, number][]>();

  constructor(readonly data: Skeleton) {
    const n = data.count;
    this.level = new Int32Array(n);
    this.end = new Int32Array(n);
    this.childCount = new Int32Array(n);
    this.position = new Int32Array(n);
    this.#groupOf = new Int32Array(n).fill(-1);
    this.#inRest = new Uint8Array(n);
    let depth = 0;
    let roots = 0;
    for (let i = 0; i < n; i++) {
      const parent = data.parent[i]!;
      this.end[i] = i + 1;
      if (parent >= 0) {
        this.level[i] = this.level[parent]! + 1;
        this.position[i] = this.childCount[parent]!++;
        depth = Math.max(depth, this.level[i]!);
      } else this.position[i] = roots++;
      if (isError(data, i)) this.errors.push(i);
      if (isCritical(data, i)) this.critical.push(i);
    }
    for (let i = n - 1; i >= 0; i--) {
      const parent = data.parent[i]!;
      if (parent >= 0) this.end[parent] = Math.max(this.end[parent]!, this.end[i]!);
    }
    this.depth = depth;
    this.rootCount = roots;
    for (let i = 0; i < data.events.length; i += 2) push(this.events, data.events[i]!, data.events[i + 1]!);
    if (n > 200) this.#foldBeside();
    if (this.errors.length > 0) this.reveal(this.errors[0]!);
  }

  /** A long trace opens only where something happened: the way to the first error, else the critical path. */
  #foldBeside(): void {
    const path = new Set<number>();
    const add = (i: number) => { for (let at = i; at >= 0 && !path.has(at); at = this.data.parent[at]!) path.add(at); };
    if (this.errors.length > 0) add(this.errors[0]!);
    else for (const i of this.critical) add(i);
    for (let i = 0; i < this.data.count; i++) if (this.childCount[i]! > 0 && this.level[i]! >= 2 && !path.has(i)) this.#folded.add(i);
  }

  get hasFolds(): boolean { return this.#folded.size > 0; }

  isFolded(i: number): boolean { return this.#folded.has(i); }
  siblings(i: number): number { return this.data.parent[i]! >= 0 ? this.childCount[this.data.parent[i]!]! : this.rootCount; }

  keepFolds(before: WaterfallTree): void {
    this.#folded = before.#folded;
    this.#openGroups = before.#openGroups;
    this.#openRests = before.#openRests;
  }

  toggle(i: number): void {
    if (!this.#folded.delete(i) && this.childCount[i]! > 0) this.#folded.add(i);
  }

  open(group: Group): void {
    if (group.why === 'rest') this.#openRests.add(group.parent);
    else this.#openGroups.add(group.members[0]!);
  }

  foldAll(fold: boolean): void {
    this.#folded.clear();
    this.#openGroups.clear();
    this.#openRests.clear();
    if (fold) for (let i = 0; i < this.data.count; i++) if (this.childCount[i]! > 0 && this.level[i]! > 0) this.#folded.add(i);
  }

  /** Opens whatever hides a span. True when something was opened. */
  reveal(i: number): boolean {
    let opened = false;
    for (let at = i; at >= 0; at = this.data.parent[at]!) {
      const parent = this.data.parent[at]!;
      if (parent >= 0) opened = this.#folded.delete(parent) || opened;
      this.#of(parent);
      const group = this.#groupOf[at]!;
      if (group >= 0 && !this.#openGroups.has(group)) {
        this.#openGroups.add(group);
        opened = true;
      }
      if (this.#inRest[at] && !this.#openRests.has(parent)) {
        this.#openRests.add(parent);
        opened = true;
      }
    }
    return opened;
  }

  /** The lines to show, from top to bottom. A loop: a trace may be as deep as it is long. */
  rows(): Row[] {
    const rows: Row[] = [];
    const waiting: { items: (number | Group)[]; at: number }[] = [{ items: this.#shown(-1), at: 0 }];
    while (waiting.length > 0) {
      const top = waiting[waiting.length - 1]!;
      if (top.at >= top.items.length) {
        waiting.pop();
        continue;
      }
      const item = top.items[top.at++]!;
      if (typeof item !== 'number') rows.push({ index: item.members[0]!, group: item });
      else {
        rows.push({ index: item, group: null });
        if (this.childCount[item]! > 0 && !this.#folded.has(item)) waiting.push({ items: this.#shown(item), at: 0 });
      }
    }
    return rows;
  }

  /** The bar's background: full colour where the span itself worked, lighter where a child did. */
  selfGradient(i: number, from: number, to: number): string {
    if (this.childCount[i] === 0) return 'var(--c)';
    const start = Math.max(this.data.start[i]!, from - (to - from) * 0.005);
    const end = Math.min(endOf(this.data, i), to + (to - from) * 0.005);
    const size = end - start;
    if (size <= 0) return 'var(--c)';
    const light = 'color-mix(in srgb, var(--c) 42%, var(--surface))';
    const stops: string[] = [];
    let at = start;
    for (const [a, b] of this.#coveredBy(i)) {
      if (b <= start) continue;
      if (a >= end) break;
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
    const end = endOf(this.data, i);
    const own: [number, number][] = [];
    let at = this.data.start[i]!;
    for (const [a, b] of this.#coveredBy(i)) {
      if (a > at) own.push([at, Math.min(a, end)]);
      at = Math.max(at, b);
      if (own.length >= 200) return own;
    }
    if (at < end) own.push([at, end]);
    return own;
  }

  /** Stretches of a span in which at least one child ran. */
  #coveredBy(i: number): [number, number][] {
    let covered = this.#covered.get(i);
    if (covered) return covered;
    covered = [];
    const parts = this.#children(i).map(c => [this.data.start[c]!, endOf(this.data, c)] as [number, number]).sort((a, b) => a[0] - b[0]);
    for (const part of parts) {
      const last = covered[covered.length - 1];
      if (last && part[0] <= last[1]) last[1] = Math.max(last[1], part[1]);
      else covered.push(part);
    }
    this.#covered.set(i, covered);
    return covered;
  }

  #children(parent: number): number[] {
    const children: number[] = [];
    const end = parent < 0 ? this.data.count : this.end[parent]!;
    for (let c = parent + 1; c < end; c = this.end[c]!) children.push(c);
    return children;
  }

  /** The children of a span as lines: what is open stands alone. */
  #shown(parent: number): (number | Group)[] {
    const { runs, rest } = this.#of(parent);
    const isCut = rest !== null && !this.#openRests.has(parent);
    const shown: (number | Group)[] = [];
    for (const run of isCut ? runs.slice(0, siblingsShown - 1) : runs) {
      if (typeof run === 'number' || !this.#openGroups.has(run.members[0]!)) shown.push(run);
      else for (const member of run.members) shown.push(member);
    }
    if (isCut) shown.push(rest);
    return shown;
  }

  /** Siblings in runs: alike ones that follow each other or that a request repeats, and the many behind the first ones. Made once. */
  #of(parent: number): Siblings {
    const known = this.#siblings.get(parent);
    if (known) return known;
    const d = this.data;
    const gathered: { members: number[]; repeated: boolean }[] = [];
    const repeated = new Map<string, { members: number[]; repeated: boolean }>();
    for (const i of this.#children(parent)) {
      const last = gathered[gathered.length - 1];
      if (isRepeated(d, i)) {
        // Those belong together, whatever lies between them.
        const key = `${d.service[i]} ${d.name[i]} ${d.resource[i]}`;
        const run = repeated.get(key);
        if (run) { run.members.push(i); continue; }
        const first = { members: [i], repeated: true };
        repeated.set(key, first);
        gathered.push(first);
      } else if (last && !last.repeated && this.#alike(last.members[0]!, i)) last.members.push(i);
      else gathered.push({ members: [i], repeated: false });
    }
    const runs: (number | Group)[] = [];
    for (const { members, repeated: isNPlusOne } of gathered) {
      if (members.length < (isNPlusOne ? 2 : repeatsFrom)) runs.push(...members);
      else {
        runs.push(this.#group(members, isNPlusOne ? 'repeated' : 'alike', parent));
        for (const member of members) this.#groupOf[member] = members[0]!;
      }
    }
    let rest: Group | null = null;
    if (runs.length > siblingsShown) {
      const members = runs.slice(siblingsShown - 1).flatMap(run => typeof run === 'number' ? [run] : run.members);
      for (const member of members) this.#inRest[member] = 1;
      rest = this.#group(members, 'rest', parent);
    }
    const siblings = { runs, rest };
    this.#siblings.set(parent, siblings);
    return siblings;
  }

  #group(members: number[], why: Group['why'], parent: number): Group {
    let [from, to, sumUs, hasError] = [Infinity, 0, 0, false];
    for (const i of members) {
      from = Math.min(from, this.data.start[i]!);
      to = Math.max(to, endOf(this.data, i));
      sumUs += this.data.dur[i]!;
      hasError ||= isError(this.data, i);
    }
    return { members, from, to, sumUs, hasError, why, parent };
  }

  #alike(a: number, b: number): boolean {
    const d = this.data;
    return d.service[a] === d.service[b] && d.name[a] === d.name[b] && d.resource[a] === d.resource[b];
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
