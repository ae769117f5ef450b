// The picture of a flame graph: which span lies where, and its colours. No events, no DOM but the canvas.

import { micros } from './format';
import { type Skeleton, colorOf, endOf, isCritical, isError, serviceOf, titleOf } from './skeleton';
import { color } from './theme';
import type { Range } from './trace-range';

export const laneHeight = 20;

export type ColorBy = 'service' | 'host' | 'self';

/** What is drawn besides the spans. */
export interface FlameState {
  shown: Range;
  /** First row in sight, in px. */
  scrollTop: number;
  colorBy: ColorBy;
  selected: number;
  cursor: number;
  hover: number;
  isDim: (i: number) => boolean;
}

export class FlamePicture {
  readonly rows: number;
  /** Spans drawn on their own by the last drawing, widest first is not promised. */
  visible: number[] = [];
  /** Blocks that stand for several spans below a pixel. */
  merged = 0;
  /** Spans of each row by start; none overlap, so they are by end as well. */
  #byRow: number[][] = [];
  #hostTokens = new Map<number, string>();

  constructor(readonly data: Skeleton) {
    const lane = data.lane ?? [];
    for (let i = 0; i < data.count; i++) (this.#byRow[lane[i]!] ??= []).push(i);
    for (const row of this.#byRow) row?.sort((a, b) => data.start[a]! - data.start[b]! || a - b);
    this.rows = this.#byRow.length;
    for (const host of data.host) if (!this.#hostTokens.has(host)) this.#hostTokens.set(host, 's' + this.#hostTokens.size % 12);
  }

  /** Hosts with their colour tokens, in order of appearance. */
  hosts(): [string, string][] { return [...this.#hostTokens].map(([host, token]) => [this.data.strings[host] ?? '', token]); }

  /** Where a span lies, in px of the canvas. */
  place(i: number, width: number, state: Pick<FlameState, 'shown' | 'scrollTop'>): { x: number; y: number; w: number; h: number } {
    const scale = width / (state.shown.to - state.shown.from);
    return { x: (this.data.start[i]! - state.shown.from) * scale, y: this.data.lane![i]! * laneHeight - state.scrollTop, w: this.data.dur[i]! * scale, h: laneHeight - 1 };
  }

  /** The span at a point; −1 for none. Below 2 px the nearest counts. */
  hit(x: number, y: number, width: number, state: Pick<FlameState, 'shown' | 'scrollTop'>): number {
    const row = this.#byRow[Math.floor((y + state.scrollTop) / laneHeight)];
    if (!row) return -1;
    const us = (state.shown.to - state.shown.from) / width;
    const at = state.shown.from + x * us;
    const first = this.#firstEnding(row, at - 2 * us);
    for (let k = first; k < row.length && this.data.start[row[k]!]! <= at + 2 * us; k++) if (endOf(this.data, row[k]!) >= at - 2 * us) return row[k]!;
    return -1;
  }

  draw(ctx: CanvasRenderingContext2D, width: number, height: number, state: FlameState): void {
    const { data } = this;
    const { from, to } = state.shown;
    const scale = width / (to - from);
    const palette = new Map<string, string>();
    const paint = (token: string) => { let fill = palette.get(token); if (!fill) palette.set(token, fill = color(token)); return fill; };
    const [onBar, text, errorColor, surface] = [color('on-accent'), color('text'), color('error'), color('surface')];
    ctx.clearRect(0, 0, width, height);
    ctx.font = '11px ' + getComputedStyle(document.documentElement).getPropertyValue('--font');
    ctx.textBaseline = 'middle';
    const letter = ctx.measureText('nnnnnnnnnn').width / 10;
    this.visible = [];
    this.merged = 0;
    const firstRow = Math.max(0, Math.floor(state.scrollTop / laneHeight));
    const lastRow = Math.min(this.rows, Math.ceil((state.scrollTop + height) / laneHeight));
    for (let r = firstRow; r < lastRow; r++) {
      const row = this.#byRow[r];
      if (!row) continue;
      const y = r * laneHeight - state.scrollTop;
      const h = laneHeight - 1;
      let block: { x: number; end: number; longest: number; bad: boolean; dim: boolean } | null = null;
      const flush = () => {
        if (!block) return;
        ctx.globalAlpha = block.dim ? 0.2 : 0.75;
        ctx.fillStyle = block.bad ? errorColor : paint(this.#tokenOf(block.longest, state.colorBy));
        ctx.fillRect(block.x, y, Math.max(1, block.end - block.x), h);
        this.merged++;
        block = null;
      };
      for (let k = this.#firstEnding(row, from); k < row.length; k++) {
        const i = row[k]!;
        if (data.start[i]! > to) break;
        const x = (data.start[i]! - from) * scale;
        const w = data.dur[i]! * scale;
        if (w < 1) {
          // What is narrower than a pixel joins its neighbours; an error among them colours the block.
          // Two pixels at most, in the colour of the longest: so a crowd of unlike spans still looks like one.
          if (block && x <= block.end + 1 && x + w - block.x <= 2) {
            block.end = Math.max(block.end, x + w);
            if (data.dur[i]! > data.dur[block.longest]!) block.longest = i;
            block.bad ||= isError(data, i);
            block.dim &&= state.isDim(i);
          } else { flush(); block = { x, end: x + w, longest: i, bad: isError(data, i), dim: state.isDim(i) }; }
          continue;
        }
        flush();
        this.visible.push(i);
        const left = Math.max(-1, x);
        const right = Math.min(width + 1, x + w);
        const size = Math.max(1, right - left - (w > 3 ? 1 : 0));
        const share = data.dur[i]! === 0 ? 1 : data.self[i]! / data.dur[i]!;
        const dim = state.isDim(i);
        ctx.globalAlpha = dim ? 0.22 : 1;
        if (state.colorBy === 'self') {
          // The hotter, the more of its time it worked itself.
          ctx.fillStyle = paint('track');
          ctx.fillRect(left, y, size, h);
          ctx.globalAlpha *= 0.12 + 0.88 * share;
          ctx.fillStyle = paint('s1');
        } else ctx.fillStyle = paint(this.#tokenOf(i, state.colorBy));
        ctx.fillRect(left, y, size, h);
        ctx.globalAlpha = dim ? 0.22 : 1;
        if (isError(data, i)) {
          ctx.fillStyle = surface;
          ctx.fillRect(left, y, size, 4);
          ctx.fillStyle = errorColor;
          ctx.fillRect(left, y, size, 3);
        }
        if (isCritical(data, i)) {
          ctx.fillStyle = text;
          ctx.fillRect(left, y + h - 2, size, 2);
        }
        const letters = Math.floor((right - Math.max(0, left) - 10) / letter);
        if (letters >= 4) {
          ctx.fillStyle = state.colorBy === 'self' && share < 0.55 ? text : onBar;
          const label = `${serviceOf(data, i)}  ${titleOf(data, i)}  ${micros(data.dur[i]!)}`;
          ctx.fillText(label.length > letters ? label.slice(0, letters - 1) + '…' : label, Math.max(0, left) + 5, y + h / 2 + 0.5);
        }
      }
      flush();
    }
    ctx.globalAlpha = 1;
    for (const [i, line] of [[state.hover, text], [state.cursor, text], [state.selected, color('accent')]] as const) {
      if (i < 0 || i >= data.count) continue;
      const p = this.place(i, width, state);
      if (p.x > width || p.x + p.w < 0) continue;
      ctx.strokeStyle = surface;
      ctx.lineWidth = 4;
      const [left, size] = [Math.max(1, p.x), Math.max(2, Math.min(width - 1, p.x + p.w) - Math.max(1, p.x))];
      ctx.strokeRect(left, p.y + 1, size, p.h - 2);
      ctx.strokeStyle = line;
      ctx.lineWidth = 2;
      ctx.strokeRect(left, p.y + 1, size, p.h - 2);
    }
  }

  #tokenOf(i: number, by: ColorBy): string {
    return by === 'self' ? 's1' : by === 'host' ? this.#hostTokens.get(this.data.host[i]!)! : colorOf(this.data, i);
  }

  /** The first of a row that ends at or after a moment. */
  #firstEnding(row: number[], us: number): number {
    let [low, high] = [0, row.length];
    while (low < high) {
      const mid = (low + high) >> 1;
      if (endOf(this.data, row[mid]!) < us) low = mid + 1;
      else high = mid;
    }
    return low;
  }
}
