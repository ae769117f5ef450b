// The stretch of a trace that is shown: the minimap above it, the axis, and dragging on either.

import { micros } from './format';
import { el } from './island';
import { type Skeleton, colorOf, isError } from './skeleton';
import { color } from './theme';

export const minimapHeight = 52;

export interface Range { from: number; to: number }

/** `120-4500`: µs from the trace's start, as the address has it. Null for what is none. */
export function readRange(text: string | null, totalUs: number): Range | null {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '');
  if (!match) return null;
  const [from, to] = [Number(match[1]), Math.min(totalUs, Number(match[2]))];
  return to - from >= 1 && from < totalUs ? { from, to } : null;
}

/** Within the trace, and no shorter than 5 µs. */
export function within(range: Range, totalUs: number): Range {
  const total = Math.max(1, totalUs);
  const size = Math.min(total, Math.max(5, range.to - range.from));
  const from = Math.max(0, Math.min(range.from, total - size));
  return { from, to: from + size };
}

/** All spans at once: depth fills the height, errors lie on top; what is not shown is veiled. */
export class Minimap {
  readonly element = el('div', { class: 'mini', 'aria-hidden': 'true' });
  #canvas = el('canvas') as HTMLCanvasElement;
  #masks = [el('div', { class: 'mask' }), el('div', { class: 'mask' })];
  #drawn = '';

  constructor() {
    this.element.append(this.#canvas, ...this.#masks);
  }

  /** @param levels Depth of each span, or its row. */
  draw(data: Skeleton, levels: ArrayLike<number>, depth: number, shown: Range): void {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.#veil(shown, Math.max(1, data.totalUs));
    // The picture itself changes only with the trace, the width and the theme, not while one zooms.
    const key = `${width}|${data.count}|${data.totalUs}|${depth}|${devicePixelRatio}|${color('s0')}${color('error')}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#canvas.width = width * devicePixelRatio;
    this.#canvas.height = minimapHeight * devicePixelRatio;
    const ctx = this.#canvas.getContext('2d')!;
    ctx.scale(devicePixelRatio, devicePixelRatio);
    const scale = width / Math.max(1, data.totalUs);
    const lane = Math.min(12, (minimapHeight - 4) / (depth + 1));
    const thick = Math.max(1, lane - (lane > 6 ? 2 : 1));
    const fills = new Map<string, string>();
    // What a pixel of a row shows already need not be drawn again: long traces have many spans for each.
    const reached = new Map<number, number>();
    for (const errors of [false, true]) {
      for (let i = 0; i < data.count; i++) {
        if (isError(data, i) !== errors) continue;
        const x = data.start[i]! * scale;
        const w = Math.max(errors ? 2 : 1, data.dur[i]! * scale);
        const y = 2 + Math.min(minimapHeight - 4 - thick, levels[i]! * lane);
        if (!errors) {
          const row = Math.round(y);
          if (w <= 1 && x + w <= (reached.get(row) ?? -1)) continue;
          reached.set(row, Math.max(reached.get(row) ?? -1, x + w));
        }
        const token = errors ? 'error' : colorOf(data, i);
        let fill = fills.get(token);
        if (!fill) fills.set(token, fill = color(token));
        ctx.fillStyle = fill;
        ctx.fillRect(x, y, w, errors ? Math.max(2, thick) : thick);
      }
    }
  }

  #veil(shown: Range, total: number): void {
    const [left, right] = this.#masks as [HTMLElement, HTMLElement];
    left.style.left = '0';
    left.style.width = shown.from / total * 100 + '%';
    right.style.left = shown.to / total * 100 + '%';
    right.style.width = (total - shown.to) / total * 100 + '%';
  }
}

const daySeconds = 86_400;

/** Seconds that make round minutes, hours and days. */
const roundSeconds = [60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200];

/** The first round step of at least so many µs: by tens below a minute and from days on, by the clock between. */
function roundStep(rough: number): number {
  const seconds = roundSeconds.find(s => s * 1e6 >= rough);
  if (rough > 20e6 && seconds) return seconds * 1e6;
  const unit = rough > 43_200e6 ? daySeconds * 1e6 : 1;
  const power = 10 ** Math.floor(Math.log10(rough / unit));
  return ([1, 2, 5, 10].map(m => m * power).find(s => s * unit >= rough) ?? power * 10) * unit;
}

/** Ticks of a time axis. */
export function drawTicks(on: HTMLElement, shown: Range): void {
  const steps = Math.max(2, Math.min(8, Math.floor(on.clientWidth / 90)));
  const span = shown.to - shown.from;
  const step = roundStep(span / steps);
  const marks: HTMLElement[] = [];
  for (let at = Math.ceil(shown.from / step) * step; at <= shown.to; at += step) {
    const mark = el('span', {}, micros(Math.round(at * 1000) / 1000));
    const place = (at - shown.from) / span * 100;
    mark.style.left = place + '%';
    if (place > 94) {
      // It is written to the left of its line, where the one before may stand.
      if (step / span * on.clientWidth < 150) break;
      mark.className = 'last';
    }
    marks.push(mark);
  }
  on.replaceChildren(...marks);
}

/** A drag over a stretch of time picks a part of it; under 5 px it was a click. Escape cancels. */
export function dragRange(event: PointerEvent, on: HTMLElement, base: Range, pick: (range: Range) => void): void {
  if (event.button !== 0) return;
  const box = on.getBoundingClientRect();
  const at = (e: PointerEvent) => Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
  const start = at(event);
  const mark = el('div', { class: 'sel' });
  const abort = new AbortController();
  const { signal } = abort;
  on.setPointerCapture(event.pointerId);
  const done = () => { mark.remove(); abort.abort(); };
  on.addEventListener('pointermove', e => {
    const [a, b] = [Math.min(start, at(e)), Math.max(start, at(e))];
    mark.style.left = a * 100 + '%';
    mark.style.width = (b - a) * 100 + '%';
    on.append(mark);
  }, { signal });
  on.addEventListener('pointerup', e => {
    done();
    const size = base.to - base.from;
    const [a, b] = [Math.min(start, at(e)), Math.max(start, at(e))];
    if (Math.abs(e.clientX - event.clientX) >= 5) pick({ from: base.from + a * size, to: base.from + b * size });
  }, { signal });
  on.addEventListener('pointercancel', done, { signal });
  document.addEventListener('keydown', e => {
    if (e.key !== 'Escape') return;
    e.preventDefault();
    e.stopPropagation();
    done();
  }, { signal, capture: true });
}
