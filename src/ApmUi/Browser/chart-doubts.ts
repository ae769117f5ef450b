// What a chart shows with reserve: buckets that are not complete are hatched, ratios of too few cases are pale points.

import type uPlot from 'uplot';
import { type ChartData, type Series, isThin, partText } from './chart-data';
import { color } from './theme';

/** Distance of the hatching's lines, CSS pixels. */
const hatchGap = 5;

/** Hatches what the range cuts off from the first and the last bucket, or what is still to come. */
export function drawParts(u: uPlot, data: ChartData): void {
  for (const i of new Set([0, data.times.length - 2, data.times.length - 1])) {
    const at = data.times[i];
    if (at === undefined || partText(data, i) === '') continue;
    const left = Math.max(u.bbox.left, u.valToPos(at / 1000, 'x', true));
    const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos((at + data.stepMs) / 1000, 'x', true));
    if (right > left) hatch(u.ctx, left, u.bbox.top, right - left, u.bbox.height);
  }
}

function hatch(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
  const gap = hatchGap * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.globalAlpha = 0.55;
  ctx.strokeStyle = color('surface');
  ctx.lineWidth = 2 * devicePixelRatio;
  lines(ctx, left, top, width, height, gap, 0); // Over the bars, so that they too look hatched.
  ctx.globalAlpha = 0.35;
  ctx.strokeStyle = color('text-2');
  ctx.lineWidth = devicePixelRatio;
  lines(ctx, left, top, width, height, gap, gap / 2);
  ctx.restore();
}

function lines(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number, gap: number, shift: number): void {
  ctx.beginPath();
  for (let x = left - height + shift; x < left + width; x += gap) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
}

/** Ratios of too few cases: a pale ring each; above the axis, which is made for the others, an arrow at its top. */
export function drawThin(u: uPlot, shown: readonly Series[]): void {
  const ctx = u.ctx;
  const r = 2.5 * devicePixelRatio;
  for (const s of shown) {
    if (!s.wholes) continue;
    ctx.save();
    ctx.strokeStyle = color(s.color);
    ctx.lineWidth = devicePixelRatio;
    ctx.globalAlpha = 0.6;
    s.values.forEach((value, i) => {
      if (!isThin(s, i)) return;
      const x = u.valToPos(u.data[0]![i]!, 'x', true);
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
      const y = u.valToPos(value!, s.unit ? 'right' : 'y', true);
      ctx.beginPath();
      if (y >= u.bbox.top - r) ctx.arc(x, y, r, 0, 2 * Math.PI);
      else {
        ctx.moveTo(x - r, u.bbox.top + 2 * r);
        ctx.lineTo(x, u.bbox.top);
        ctx.lineTo(x + r, u.bbox.top + 2 * r);
      }
      ctx.stroke();
    });
    ctx.restore();
  }
}
